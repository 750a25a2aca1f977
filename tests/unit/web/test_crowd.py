from barograph.web.crowd import Crowd


class Someone:
    def __init__(self) -> None:
        self.is_dropped = False

    def drop(self) -> None:
        self.is_dropped = True


def test_who_was_idle_longest_goes_first_and_who_is_busy_stays() -> None:
    crowd = Crowd(3)
    busy, old, new, last = (Someone() for _ in range(4))
    for each in (busy, old, new):
        crowd.enter(each)
    crowd.busy(busy)
    crowd.enter(last)
    assert [each.is_dropped for each in (busy, old, new, last)] == [False, True, False, False]
    assert (len(crowd), crowd.dropped) == (3, 1)


def test_a_request_makes_a_connection_young_again() -> None:
    crowd = Crowd(2)
    first, second, third = (Someone() for _ in range(3))
    crowd.enter(first)
    crowd.enter(second)
    crowd.busy(first)
    crowd.idle(first)
    crowd.enter(third)
    assert [each.is_dropped for each in (first, second, third)] == [False, True, False]


def test_where_all_are_busy_the_newcomer_goes() -> None:
    crowd = Crowd(1)
    busy, new = Someone(), Someone()
    crowd.enter(busy)
    crowd.busy(busy)
    crowd.enter(new)
    assert (busy.is_dropped, new.is_dropped) == (False, True)


def test_who_left_does_not_come_back_by_an_answer() -> None:
    crowd = Crowd(1)
    gone, new = Someone(), Someone()
    crowd.enter(gone)
    crowd.leave(gone)
    crowd.idle(gone)
    crowd.enter(new)
    assert (len(crowd), gone.is_dropped, new.is_dropped) == (1, False, False)
