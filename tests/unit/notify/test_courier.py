import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from barograph.model.clock import SystemClock
from barograph.model.errors import StoreError
from barograph.model.notice import Delivery, DeliveryState, Notice
from barograph.notify.courier import Courier, Outcome, judge, judge_error
from barograph.outbound.request import OutboundError, OutboundResponse
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.sqlite import SqliteState, open_state
from helpers.clock import FakeClock
from unit.notify.notices import notice

S = DeliveryState
HOURS_MS = 7_200_000


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


class Receiver:
    """Hears notices, and answers as told; then that it has them."""

    def __init__(self, *answers: Outcome) -> None:
        self.heard: list[str] = []
        self._answers = list(answers)

    async def __call__(self, told: Notice) -> Outcome:
        self.heard.append(told.key)
        return self._answers.pop(0) if self._answers else Outcome(state=S.DELIVERED, answer="200 ok")


def told(key: str, group: str = "g1", receiver: str = "team") -> Notice:
    return msgspec.structs.replace(notice(), key=key, group_key=group, receiver=receiver, at_ms=1000)


def later(wait_ms: int = 0) -> Outcome:
    return Outcome(state=S.WAITING, answer="503", wait_ms=wait_ms)


def test_messages_arrive_in_order_and_once(state: SqliteState) -> None:
    store, receiver = SqliteDeliveries(state), Receiver()
    store.enqueue([told("a"), told("b", "g2"), told("c")])
    store.enqueue([told("a"), told("d")])
    assert asyncio.run(Courier(store, {"team": receiver}, FakeClock(), lambda: 0.0).step("team")) is None
    assert receiver.heard == ["a", "b", "c", "d"]
    assert [(each.number, each.notice.key, each.answer) for each in store.log(0, 2)] == [
        (4, "d", "200 ok"),
        (3, "c", "200 ok"),
    ]
    assert [each.notice.key for each in store.log(3, 5)] == ["b", "a"]


def test_a_group_waits_for_its_first_message_and_no_other_group_does(state: SqliteState) -> None:
    store, receiver, clock = SqliteDeliveries(state), Receiver(later()), FakeClock(5000)
    store.enqueue([told("a"), told("b"), told("c", "g2")])
    courier = Courier(store, {"team": receiver}, clock, lambda: 0.0)
    assert asyncio.run(courier.step("team")) == 5500
    assert receiver.heard == ["a", "c"]
    clock.advance(0.5)
    assert asyncio.run(courier.step("team")) is None
    assert receiver.heard == ["a", "c", "a", "b"]


def test_waits_double_with_jitter_up_to_50_s_and_hours_lose_nothing(state: SqliteState) -> None:
    store, clock = SqliteDeliveries(state), FakeClock(0)
    receiver = Receiver(*[later()] * 150)
    store.enqueue([msgspec.structs.replace(told("a"), at_ms=0)])
    courier = Courier(store, {"team": receiver}, clock, lambda: 1.0)
    waits = []
    while (due := asyncio.run(courier.step("team"))) is not None and clock.now_ms() < HOURS_MS:
        waits.append(due - clock.now_ms())
        clock.advance(waits[-1] / 1000)
    assert waits[:7] == [1000, 2000, 4000, 8000, 16_000, 32_000, 50_000]
    assert max(waits) == 50_000
    while due is not None:
        clock.advance(50)
        due = asyncio.run(courier.step("team"))
    assert store.log(0, 1)[0].state is S.DELIVERED


def test_what_the_receiver_asks_for_counts(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([told("a")])
    courier = Courier(store, {"team": Receiver(later(60_000), later(10**12))}, FakeClock(5000), lambda: 0.0)
    assert asyncio.run(courier.step("team")) == 65_000
    again = Courier(store, {"team": Receiver(later(10**12))}, FakeClock(65_000), lambda: 0.0)
    assert asyncio.run(again.step("team")) == 65_000 + 3_600_000


def test_a_clock_that_is_set_back_holds_no_message_back(state: SqliteState) -> None:
    store, receiver, clock = SqliteDeliveries(state), Receiver(later(), later()), FakeClock(90_000_000)
    store.enqueue([told("a"), msgspec.structs.replace(told("b", "g2"), at_ms=90_000_000)])
    courier = Courier(store, {"team": receiver}, clock, lambda: 0.0)
    asyncio.run(courier.step("team"))
    clock.step_wall(-86_400_000)
    store.enqueue([msgspec.structs.replace(told("c", "g3"), at_ms=90_000_000)])
    assert asyncio.run(courier.step("team")) is None
    assert receiver.heard == ["a", "b", "a", "b", "c"]


def test_what_is_refused_for_good_lets_the_next_go(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    receiver = Receiver(Outcome(state=S.FAILED, answer="404 gone"))
    store.enqueue([told("a"), told("b")])
    asyncio.run(Courier(store, {"team": receiver}, FakeClock(5000), lambda: 0.0).step("team"))
    assert [(each.notice.key, each.state) for each in store.log(0, 9)] == [("b", S.DELIVERED), ("a", S.FAILED)]


def test_a_slow_receiver_delays_no_other_and_new_messages_wake(state: SqliteState) -> None:
    store, quick = SqliteDeliveries(state), Receiver()
    store.enqueue([told("s", receiver="slow"), told("a", receiver="quick")])

    async def check() -> None:
        released, arrived = asyncio.Event(), asyncio.Event()

        async def slow(told: Notice) -> Outcome:
            await released.wait()
            return Outcome(state=S.DELIVERED, answer="")

        async def hear(told: Notice) -> Outcome:
            arrived.set()
            return await quick(told)

        courier = Courier(store, {"slow": slow, "quick": hear}, FakeClock(5000), lambda: 0.0)
        running = asyncio.create_task(courier.run())
        async with asyncio.timeout(60):
            await arrived.wait()
            arrived.clear()
            store.enqueue([told("b", receiver="quick")])
            courier.wake()
            await arrived.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(check())
    assert quick.heard == ["a", "b"]


class Held:
    """A receiver that answers when it is let."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def __call__(self, told: Notice) -> Outcome:
        self.heard.append(told.key)
        self.asked.set()
        await self.answers.wait()
        return Outcome(state=S.DELIVERED, answer="200 ok")


def test_an_attempt_that_is_under_way_goes_on_when_receivers_are_replaced(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([told("a"), told("b", receiver="gone")])

    async def check() -> None:
        team, gone, other, fresh = Held(), Held(), Receiver(), Receiver()
        courier = Courier(store, {"team": team, "gone": gone}, FakeClock(), lambda: 0.0)
        running = asyncio.create_task(courier.run())
        async with asyncio.timeout(60):
            await team.asked.wait()
            await gone.asked.wait()
            courier.replace({"team": other, "fresh": fresh})
            store.enqueue([told("c"), told("d", receiver="fresh"), told("e", receiver="gone")])
            courier.wake()
            while store.waiting("fresh"):
                await asyncio.sleep(0.001)
            assert other.heard == []
            team.answers.set()
            gone.answers.set()
            while store.waiting("team"):
                await asyncio.sleep(0.001)
            courier.end()
            await running
        assert (team.heard, other.heard, gone.heard, fresh.heard) == (["a"], ["c"], ["b"], ["d"])

    asyncio.run(check())
    assert (store.waiting("team"), store.waiting("gone")) == (0, 1)


def test_an_attempt_that_is_under_way_comes_to_its_end_and_nothing_else_begins(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([told("a"), told("b"), told("c", "g2")])

    async def check() -> list[str]:
        team = Held()
        courier = Courier(store, {"team": team}, FakeClock(), lambda: 0.0)
        running = asyncio.create_task(courier.run())
        async with asyncio.timeout(60):
            await team.asked.wait()
            courier.end()
            team.answers.set()
            await running
        return team.heard

    assert asyncio.run(check()) == ["a"]
    assert [each.notice.key for each in store.heads("team")] == ["b", "c"]


class Refusing(SqliteDeliveries):
    """A queue that keeps nothing of one receiver as long as `refuses`."""

    refuses = ""

    def keep(self, delivery: Delivery) -> None:
        if delivery.notice.receiver == self.refuses:
            raise StoreError("disk I/O error")
        super().keep(delivery)


def test_a_store_that_refuses_at_one_receiver_cuts_no_other_off(
    state: SqliteState, caplog: pytest.LogCaptureFixture
) -> None:
    store, other = Refusing(state), Receiver()
    store.enqueue([told("a"), told("b", receiver="other"), told("c", receiver="other")])

    async def check() -> list[str]:
        team, failed = Held(), list[str]()
        store.refuses = "other"
        courier = Courier(store, {"team": team, "other": other}, FakeClock(), lambda: 0.0, failed.append)
        running = asyncio.create_task(courier.run())
        async with asyncio.timeout(60):
            await team.asked.wait()
            while not failed:
                await asyncio.sleep(0.001)
            courier.wake()
            while len(failed) < 2:
                await asyncio.sleep(0.001)
            store.refuses = ""
            team.answers.set()
            courier.wake()
            while store.waiting("team") or store.waiting("other"):
                await asyncio.sleep(0.001)
            courier.end()
            await running
        assert team.heard == ["a"]
        return failed

    assert set(asyncio.run(check())) == {"fails with StoreError"}
    assert other.heard == ["b", "c"]
    assert [record.message for record in caplog.records] == ["delivery to other failed, and is tried again each second"]


def test_the_courier_comes_back_when_a_wait_is_over(state: SqliteState) -> None:
    store = SqliteDeliveries(state)
    store.enqueue([told("a")])

    async def check() -> None:
        done = asyncio.Event()
        answers = [later(), later(), later()]

        async def hear(told: Notice) -> Outcome:
            if answers:
                return answers.pop()
            done.set()
            return Outcome(state=S.DELIVERED, answer="")

        # with next to no jitter left, the waits are 5, 10 and 20 ms
        running = asyncio.create_task(Courier(store, {"team": hear}, SystemClock(), lambda: -0.99).run())
        async with asyncio.timeout(60):
            await done.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(check())
    assert [each.attempts for each in store.log(0, 9)][-3:] == [3, 2, 1]


def test_what_was_sent_but_not_kept_is_sent_again_with_its_key(state: SqliteState) -> None:
    store, receiver = SqliteDeliveries(state), Receiver()
    store.enqueue([told("a")])

    async def die(told: Notice) -> Outcome:
        await receiver(told)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(Courier(store, {"team": die}, FakeClock(5000), lambda: 0.0).step("team"))
    asyncio.run(Courier(store, {"team": receiver}, FakeClock(5000), lambda: 0.0).step("team"))
    assert receiver.heard == ["a", "a"]


def test_a_mistake_with_one_receiver_is_tried_again_later_as_a_refusal_is(
    state: SqliteState, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(notice: Notice) -> Outcome:
        raise KeyError("nobody foresaw this")

    store = SqliteDeliveries(state)
    store.enqueue([told("a")])
    assert asyncio.run(Courier(store, {"team": broken}, FakeClock(), lambda: 0.0).step("team")) is not None
    (kept,) = store.log(0, 5)
    assert (kept.state, kept.attempts) == (S.WAITING, 1)
    assert kept.answer == "nobody foresaw this: KeyError; the log says more"
    assert "telling receiver team failed" in caplog.text


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [
        (202, "", (S.DELIVERED, 0)),
        (503, "", (S.WAITING, 0)),
        (429, "120", (S.WAITING, 120_000)),
        (503, "Thu, 01 Jan 1970 00:01:00 GMT", (S.WAITING, 55_000)),
        (503, "Thu, 01 Jan 1970 00:00:01 -0000", (S.WAITING, 0)),
        (503, "soon", (S.WAITING, 0)),
        (503, "Mon, 01 Jan 2024 00:00:00 +99999999999999999999", (S.WAITING, 0)),
        (404, "120", (S.FAILED, 0)),
        (302, "", (S.FAILED, 0)),
    ],
)
def test_answers_are_judged(status: int, retry_after: str, expected: tuple[DeliveryState, int]) -> None:
    response = OutboundResponse(status=status, headers=(("retry-after", retry_after),), body=b" why\n" + b"x" * 999)
    outcome = judge(response, 5000)
    assert (outcome.state, outcome.wait_ms) == expected
    assert outcome.answer.startswith(f"{status} why")
    assert len(outcome.answer) <= 204


def test_no_answer_is_judged_by_whether_a_repeat_can_help() -> None:
    assert judge_error(OutboundError("x is closed")).state is S.WAITING
    assert judge_error(OutboundError("x is refused", permanent=True)) == Outcome(state=S.FAILED, answer="x is refused")
