"""What is learned of guns, whatever is observed in whatever order: never narrower than the station file, bounded, and
within 31 bits."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from control import response
from control.station import Station
from tests.control.checked import check
from tests.control.stations import config
from tests.control.test_step_properties import closed_loop, stations
from tests.control.watched_gun import Watched

KINDS = (response.LAG, response.FALL, response.RISE)
OBSERVATIONS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3_000_000)), max_size=30)
FILES = st.tuples(st.integers(0, 10_000), st.integers(100, 2_000_000), st.integers(100, 2_000_000))


def learned(file, observations, within_ms=0):
    lag_ms, up_w_s, down_w_s = file
    station = Station(config([{"lag_ms": lag_ms, "ramp_up_w_s": up_w_s, "ramp_down_w_s": down_w_s}]))
    check(station)
    station.observed[response.RESOLUTION] = within_ms
    for kind, value in observations:
        response.note(station, 0, kind, value)
    return station


@given(FILES, OBSERVATIONS, st.integers(0, 9000))
@settings(max_examples=150, deadline=None)
def test_bounds_are_never_narrower_than_the_file_and_never_absurd(file, observations, within_ms):
    lag_ms, up_w_s, down_w_s = file
    station = learned(file, observations, within_ms)
    assert lag_ms <= station.lag_now_ms[0] <= max(lag_ms, 5000)
    assert down_w_s // 8 <= station.fall_now_w_s[0] <= down_w_s
    assert up_w_s <= station.rise_now_w_s[0] <= max(up_w_s, min(8 * up_w_s, 2_000_000))


@given(FILES, OBSERVATIONS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_observations_does_not_matter(file, observations, draw):
    mixed = list(observations)
    draw.shuffle(mixed)
    one, other = learned(file, observations), learned(file, mixed)
    for name in ("observed", "lag_now_ms", "fall_now_w_s", "rise_now_w_s"):
        assert list(getattr(one, name)) == list(getattr(other, name)), name


@given(FILES, OBSERVATIONS)
@settings(max_examples=50, deadline=None)
def test_another_observation_never_makes_a_bound_narrower(file, observations):
    for kind in KINDS:
        more = learned(file, [*observations, (kind, 1000)])
        fewer = learned(file, observations)
        assert more.lag_now_ms[0] >= fewer.lag_now_ms[0]
        assert more.fall_now_w_s[0] <= fewer.fall_now_w_s[0]
        assert more.rise_now_w_s[0] >= fewer.rise_now_w_s[0]


@given(st.integers(0, 60), st.integers(2, 40), st.integers(2, 30), st.integers(1, 6), st.integers(0, 20))
@example(49, 2, 2, 5, 0)
@settings(max_examples=25, deadline=None)
def test_no_gun_seems_slower_than_it_is(lag, down, up, poll, write):
    """Lag in 50 ms, ramps in 5 kW/s: what is seen of the second worst step is never beyond the truth. Of a gun that
    still rises when it is cut, two samples may be alike on both sides of its top: then by the time between them."""
    lag_ms, down_w_s, up_w_s = 50 * lag, 5000 * down, 5000 * up
    gun = Watched(lag_ms, down_w_s, up_w_s, poll_ms=200 * poll, write_ms=20 + 20 * write)
    for _ in range(2):
        gun.step_down(200000, 30000)
    worst_ms, seen_ms, count = gun.seen(response.LAG)
    top_ms = 200 * poll if 20000 + 12 * up_w_s < 200000 else 0
    assert seen_ms <= lag_ms + top_ms + (300 + 480000 // 1024) * 1000 // down_w_s, (seen_ms, lag_ms)
    assert gun.bounds[0] <= max(300, lag_ms + 3000)
    if count == 2 and gun.seen(response.FALL)[2] == 2:
        assert gun.seen(response.FALL)[1] * 10 >= down_w_s * 8


@given(stations())
@settings(max_examples=20, deadline=None)
def test_the_promise_holds_while_it_learns_whatever_is_lost(case):
    guns, cap_w, seed, loss = case
    for station, wire in closed_loop(guns, cap_w, seed, loss, cycles=120):
        if station.started:
            assert sum(wire.power_w) + 25000 <= cap_w
        for g in range(station.guns):
            assert station.lag_now_ms[g] >= station.lag_ms[g]
            assert station.fall_now_w_s[g] <= station.ramp_down_w_s[g]
            assert station.rise_now_w_s[g] >= station.ramp_up_w_s[g]
    assert station.invariant_breaches == 0
