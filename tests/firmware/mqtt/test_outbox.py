# runs on: cpython, micropython
from firmware.mqtt.outbox import Outbox, Outgoing
from firmware.mqtt.packets import encode_publish


def message(outbox, qos, text=b"x"):
    pid = outbox.new_pid() if qos else 0
    return Outgoing(encode_publish("t", text, qos, False, pid), pid)


def put(outbox, qos, text=b"x"):
    each = message(outbox, qos, text)
    return each if outbox.put(each) else None


def texts(queue):
    return [bytes(each.packet[-1:]) for each in queue]


def test_the_oldest_qos_0_gives_way_first():
    outbox = Outbox(max_messages=3)
    put(outbox, 1, b"a")
    put(outbox, 0, b"b")
    put(outbox, 0, b"c")
    assert put(outbox, 0, b"d")
    assert texts(outbox.messages) == [b"a", b"c", b"d"] and outbox.dropped == 1
    assert put(outbox, 1, b"e")
    assert texts(outbox.messages) == [b"a", b"d", b"e"] and outbox.dropped == 2


def test_qos_1_never_gives_way():
    outbox = Outbox(max_messages=2)
    put(outbox, 1, b"a")
    put(outbox, 1, b"b")
    assert put(outbox, 1, b"c") is None
    assert put(outbox, 0, b"d") is None
    assert texts(outbox.messages) == [b"a", b"b"] and outbox.dropped == 2


def test_a_message_that_cannot_fit_pushes_nothing_out():
    outbox = Outbox(max_bytes=100)
    put(outbox, 1, b"a" * 50)
    put(outbox, 0, b"b")
    assert put(outbox, 1, b"c" * 60) is None
    assert len(outbox.messages) == 2


def test_bytes_are_bounded_and_given_back():
    outbox = Outbox(max_messages=1000, max_bytes=1000)
    for _ in range(500):
        put(outbox, 0, b"z" * 30)
        assert outbox.bytes <= 1000
    assert len(outbox.messages) == 1000 // 35
    while outbox.take(0):
        pass
    assert outbox.bytes == 0 and len(outbox.messages) == 0


def test_in_flight_messages_count_as_kept():
    outbox = Outbox(max_messages=2, window=2)
    put(outbox, 1)
    put(outbox, 1)
    outbox.take(0)
    outbox.take(0)
    assert put(outbox, 0) is None and put(outbox, 1) is None


def test_the_window_bounds_what_is_in_flight_and_qos_0_goes_past_it():
    outbox = Outbox(window=2)
    for text in (b"a", b"b", b"c"):
        put(outbox, 1, text)
    put(outbox, 0, b"d")
    sent = [bytes(outbox.take(5).packet[-1:]) for _ in range(3)]
    assert sent == [b"a", b"b", b"d"]
    assert outbox.take(5) is None
    assert outbox.acknowledge(1)
    assert bytes(outbox.take(6).packet[-1:]) == b"c"


def test_an_acknowledgement_ends_its_message_only():
    outbox = Outbox()
    first = put(outbox, 1)
    second = put(outbox, 1)
    ended = []
    second.on_end = lambda: ended.append(2)
    outbox.take(0)
    outbox.take(0)
    assert outbox.acknowledge(second.pid) and ended == [2]
    assert outbox.messages == [first] and not first.waits and outbox.in_flight == 1
    assert not outbox.acknowledge(second.pid)
    assert not outbox.acknowledge(60000)
    assert outbox.bytes == len(first.packet)


def test_a_lost_connection_puts_qos_1_back_in_its_order_as_duplicates():
    outbox = Outbox(window=2)
    for text in (b"a", b"b", b"c"):
        put(outbox, 1, text)
    put(outbox, 0, b"d")
    outbox.take(0)
    outbox.take(0)
    outbox.connection_lost()
    assert texts(outbox.messages) == [b"a", b"b", b"c"]
    assert [each.packet[0] for each in outbox.messages] == [0x3A, 0x3A, 0x32]
    assert outbox.dropped == 1 and not outbox.in_flight
    outbox.connection_lost()
    assert texts(outbox.messages) == [b"a", b"b", b"c"] and outbox.dropped == 1


def test_packet_ids_wrap_to_1_and_pass_over_those_in_use():
    outbox = Outbox(max_messages=4)
    kept = put(outbox, 1)
    assert kept.pid == 1
    for _ in range(65534):
        last = outbox.new_pid()
    assert last == 65535
    assert outbox.new_pid() == 2
