"""What the check of a station file knows about built-in profiles is what their tables say."""

import pytest

from drivers.profiles import registry
from firmware import config_profiles, config_schema
from firmware.config_schema import REQUIRED


@pytest.mark.parametrize("name", sorted(registry.ROLES))
def test_needs_and_watchdogs_are_those_of_the_table(name):
    profile = registry.load(name)
    rows = config_schema.rows_of_device({"role": profile.role})
    given = [row[0] for row in rows if row[2] is REQUIRED]
    assert set(config_profiles.needs(name)) - set(given) == set(profile.needs) - set(given)
    if "watchdog_s" in given:  # other roles have no such key
        assert config_profiles.watchdog_s(name) == profile.watchdog_range_s


@pytest.mark.parametrize("name", sorted(registry.ROLES))
def test_a_station_file_may_have_what_a_profile_needs(name):
    profile = registry.load(name)
    keys = [row[0] for row in config_schema.rows_of_device({"role": profile.role})]
    assert set(profile.needs) <= set(keys)
