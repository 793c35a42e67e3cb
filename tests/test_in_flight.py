"""Items on their way: whoever depends on some waits for each of them, and for nothing else."""

import asyncio

from tdcrawl.in_flight import InFlight


async def waiting_for(in_flight: InFlight, *item_ids: str) -> "asyncio.Task[None]":
    task = asyncio.create_task(in_flight.settled(item_ids))
    await asyncio.sleep(0)
    return task


def test_settled_when_one_of_several_has_its_outcome_waits_for_the_others() -> None:
    async def scene() -> list[bool]:
        in_flight, done = InFlight(), []
        in_flight.begin("one")
        in_flight.begin("two")
        task = await waiting_for(in_flight, "one", "two", "never began")
        for item_id in ("one", "two"):
            in_flight.end(item_id)
            for _ in range(3):
                await asyncio.sleep(0)
            done.append(task.done())
        return done

    assert asyncio.run(scene()) == [False, True]


def test_end_when_the_item_never_began_is_ignored() -> None:
    in_flight = InFlight()
    in_flight.begin("one")
    in_flight.end("two")
    in_flight.end("one")
    assert "one" not in in_flight
