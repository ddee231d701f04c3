"""Orders of the platform under fire: whatever is ordered and whatever is lost, the cap holds, and so does the order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.control.test_step_properties import closed_loop, stations


def orders(station, draw):
    """Some guns limited, stopped or out of service."""
    for g in range(station.guns):
        if draw.random() < 0.5:
            station.inputs.gun_limit_w[g] = draw.choice([-1, 0, 3000, draw.randrange(station.max_w[g] + 1)])
        else:
            station.inputs.gun_limit_w[g] = station.max_w[g]


@given(stations(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_cap_and_every_order_hold_whatever_is_lost(case, draw):
    guns, cap_w, seed, loss = case
    before_w = [0] * len(guns)
    for cycle, (station, wire) in enumerate(closed_loop(guns, cap_w, seed, loss)):
        assert sum(wire.held_w) + 25000 <= cap_w or not station.started
        for g in range(station.guns):
            permitted_w = station.inputs.gun_limit_w[g]
            if station.started and not station.disobedient[g]:
                most_w = permitted_w if permitted_w >= station.min_w[g] else 0
                # Control obeys at once, for a gun that is not heard too; the gun does when no write is lost.
                assert station.grant_w[g] <= most_w, (cycle, g)
                if loss == 0.0:
                    assert wire.held_w[g] <= most_w
                    assert wire.power_w[g] <= most_w or wire.power_w[g] < before_w[g]
        before_w = list(wire.power_w)
        if cycle % 20 == 19:
            orders(station, draw)
    assert station.invariant_breaches == 0
