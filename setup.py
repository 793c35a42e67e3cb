"""Build the egg for Scrapyd, whose client looks for this file; pyproject.toml says everything."""

from setuptools import setup

setup()
