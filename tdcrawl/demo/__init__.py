"""The practice retailer: an invented shop on loopback, for the demo, the tests and the benchmarks."""
