"""Max-min sharing on random trees of circuits: never above a circuit, no watt idle that somebody may have, no order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from control import sharing
from control.station import Station
from tests.control.stations import config

CIRCUITS = ("grid", "a", "b", "a1")
PARENTS = {"a": "grid", "b": "grid", "a1": "a"}

gun = st.fixed_dictionaries(
    {
        "circuit": st.sampled_from(CIRCUITS),
        "class": st.sampled_from(["guaranteed", "super", "fast", "slow"]),
        "min_w": st.integers(1000, 8000),
        "max_w": st.integers(8000, 600000),
    }
)


@st.composite
def shares(draw):
    guns = draw(st.lists(gun, min_size=1, max_size=12))
    demands = [draw(st.integers(0, g["max_w"])) for g in guns]
    rooms = [draw(st.integers(0, 1200000)) for _ in CIRCUITS]
    return guns, demands, rooms


def share(guns, demands, rooms):
    circuits = [{"id": c, "parent": p, "cap_w": 10000000} for c, p in PARENTS.items()]
    station = Station(config(guns, circuits=circuits))
    for g, demand_w in enumerate(demands):
        station.demand_w[g] = demand_w
    for c, room_w in enumerate(rooms):
        station.circuit_allowed_w[c] = room_w
    sharing.allocate(station)
    return station


def below(station, g):
    return [c for c in station.path[g * station.depth : (g + 1) * station.depth] if c >= 0]


@given(shares())
@settings(max_examples=300, deadline=None)
def test_no_circuit_is_ever_above_its_room(case):
    guns, demands, rooms = case
    station = share(guns, demands, rooms)
    for c, room_w in enumerate(rooms):
        used_w = sum(station.target_w[g] for g in range(len(guns)) if c in below(station, g) and station.admitted[g])
        assert used_w <= max(0, room_w), (c, used_w, room_w)
    assert all(0 <= station.target_w[g] <= max(demands[g], 0) for g in range(len(guns)))
    assert sum(station.target_w) <= max(0, rooms[0])


@given(shares())
@settings(max_examples=300, deadline=None)
def test_no_watt_is_idle_while_an_admitted_gun_wants_it_and_every_circuit_allows_it(case):
    guns, demands, rooms = case
    station = share(guns, demands, rooms)
    for g in range(len(guns)):
        if station.admitted[g] and station.target_w[g] < demands[g]:
            assert min(station.circuit_room_w[c] for c in below(station, g)) <= 0


@given(shares())
@settings(max_examples=300, deadline=None)
def test_nobody_rises_above_another_who_shares_the_same_full_circuit(case):
    guns, demands, rooms = case
    station = share(guns, demands, rooms)

    def level(g):
        return (station.target_w[g] - guns[g]["min_w"]) / station.weight[g]

    for g in range(len(guns)):
        bound = station.bound_by[g]
        if not station.admitted[g] or bound < 0:
            continue
        for other in range(len(guns)):
            if (
                station.admitted[other]
                and bound in below(station, other)
                and station.target_w[other] > guns[other]["min_w"]
            ):
                assert level(other) <= level(g) + 1 + len(guns), (g, other)


@given(shares(), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_equal_guns_in_the_file_moves_nobody_by_more_than_the_last_watts(case, random):
    guns, demands, rooms = case
    if sum(g["min_w"] for g, d in zip(guns, demands, strict=True) if d >= g["min_w"]) > min(rooms):
        return  # who waits when the minima do not fit is decided by the queue
    station = share(guns, demands, rooms)
    order = list(range(len(guns)))
    random.shuffle(order)
    other = share([guns[i] for i in order], [demands[i] for i in order], rooms)
    for place, g in enumerate(order):
        assert abs(other.target_w[place] - station.target_w[g]) <= 4 * len(guns) * 4


@given(shares(), st.integers(0, 200000))
@settings(max_examples=200, deadline=None)
def test_more_room_at_the_root_never_gives_less_in_sum(case, more_w):
    guns, demands, rooms = case
    less = sum(share(guns, demands, rooms).target_w)
    more = sum(share(guns, demands, [rooms[0] + more_w] + rooms[1:]).target_w)
    assert more + 8000 * len(guns) >= less
    if sum(g["min_w"] for g, d in zip(guns, demands, strict=True) if d >= g["min_w"]) <= min(rooms):
        assert more >= less - 4 * len(guns)
