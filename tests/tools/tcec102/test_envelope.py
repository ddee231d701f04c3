"""The envelope of T/CEC 102 against a second implementation on other libraries."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent))

from stand_in_platform import Codec, hmac_md5  # noqa: E402

from tools.tcec102.envelope import BAD_PARAMETER, BAD_SIGNATURE, EnvelopeError, Sealer, Secrets  # noqa: E402

SECRETS = {
    "operator_id": "MA1234567",
    "operator_secret": "operator-secret",
    "data_secret": "1234567890abcdef",
    "data_secret_iv": "abcdef1234567890",
    "sig_secret": "sig-secret",
}
CONTENT = st.dictionaries(st.text(max_size=10), st.one_of(st.text(max_size=40), st.integers(), st.none()), max_size=5)


def sealer():
    return Sealer(Secrets(**SECRETS))


@given(CONTENT)
def test_each_side_reads_what_the_other_wrote(content):
    codec, ours = Codec(SECRETS), sealer()
    request = ours.request(content)
    text = request["OperatorID"] + request["Data"] + request["TimeStamp"] + request["Seq"]
    assert codec.decrypt(request["Data"]) == content and request["Sig"] == codec.sig(text)
    assert ours.open_request(codec.request(content)) == content
    assert codec.answer_content(ours.answer(0, "", content)) == content


def test_the_signature_is_that_of_rfc_2104():
    assert hmac_md5(b"Jefe", b"what do ya want for nothing?") == "750C783E6AB0B503EAA86E310A5DB738"
    secrets = Secrets(**{**SECRETS, "sig_secret": "Jefe"})
    assert Sealer(secrets)._signature("what do ya want for nothing?") == "750C783E6AB0B503EAA86E310A5DB738"


def test_the_time_is_that_of_beijing_and_seq_starts_anew_each_second():
    ours, at = sealer(), datetime(2026, 11, 23, 16, 0, 0, tzinfo=UTC)
    made = [ours.request({}, at), ours.request({}, at), ours.request({}, at + timedelta(seconds=1))]
    assert [(each["TimeStamp"], each["Seq"]) for each in made] == [
        ("20261124000000", "0001"), ("20261124000000", "0002"), ("20261124000001", "0001"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "ret"),
    [
        ({"Sig": "0" * 32}, BAD_SIGNATURE),
        ({"Seq": "0002"}, BAD_SIGNATURE),
        ({"TimeStamp": "20261123120001"}, BAD_SIGNATURE),
        ({"Data": "AAAA"}, BAD_SIGNATURE),
        ({"OperatorID": "SOMEBODY1"}, BAD_PARAMETER),
        ({"Sig": None}, BAD_PARAMETER),
        ({"Data": 5}, BAD_PARAMETER),
    ],
)
def test_a_changed_request_is_not_believed(change, ret):
    with pytest.raises(EnvelopeError) as refused:
        sealer().open_request(Codec(SECRETS).request({"a": 1}, **change))
    assert refused.value.ret == ret


@given(st.text(max_size=60))
def test_data_that_is_signed_but_cannot_be_read_is_a_wrong_parameter(data):
    codec = Codec(SECRETS)
    sig = codec.sig(SECRETS["operator_id"] + data + "20261123120000" + "0001")
    with pytest.raises(EnvelopeError) as refused:
        sealer().open_request(codec.request({}, Data=data, Sig=sig))
    assert refused.value.ret == BAD_PARAMETER


@pytest.mark.parametrize("message", [None, [], "text", 5, {}])
def test_what_is_no_message_is_refused(message):
    with pytest.raises(EnvelopeError):
        sealer().open_request(message)
    with pytest.raises(EnvelopeError):
        sealer().open_answer(message)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [("data_secret", "short", "found 5 bytes, allowed: 16"), ("operator_id", "X", "9 characters")],
)
def test_secrets_of_a_wrong_length_are_named(name, value, found):
    with pytest.raises(ValueError, match=name) as refused:
        Secrets(**{**SECRETS, name: value})
    assert found in str(refused.value)
