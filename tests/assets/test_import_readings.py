import gzip
import tracemalloc
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Asset, Reading, Sensor, Site
from assets.tabular.sources import open_source
from assets.tabular.table import Layout, open_table
from assets.tabular.times import counter_reader
from tests.data import need_data
from tests.factories import AssetFactory, OrganizationFactory, SensorFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def site():
    return SiteFactory.create(code="MAIN", timezone="Europe/Berlin")


@pytest.fixture
def run(folder, site, capsys):
    """Import text as the file `pump.csv`; returns what was printed."""

    def run(content: str | bytes, *options: str, name: str = "pump.csv") -> str:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        call_command("import_readings", name, "--create-missing", *options)
        printed: str = capsys.readouterr().out
        return printed

    return run


def stored() -> list[tuple[str, str, datetime, float]]:
    return list(
        Reading.objects.order_by("sensor__asset__tag", "sensor__key", "time").values_list(
            "sensor__asset__tag", "sensor__key", "time", "value"
        )
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_value_that_the_sensor_cannot_read_is_rejected(run, site):
    asset = AssetFactory.create(organization=site.organization, site=site, tag="P-1")
    SensorFactory.create(asset=asset, key="temp", unit="°C", physical_low=-40, physical_high=None)

    run(
        "time,temp\n2026-01-01T00:00Z,-300\n2026-01-01T00:01Z,20\n",
        "--asset",
        "P-1",
        "--allow-rejects",
    )

    assert [row[3] for row in stored()] == [20]


# -- shapes ------------------------------------------------------------------------------------


def test_a_wide_table_gives_one_sensor_for_each_numeric_column(run, site):
    printed = run("time,temperature,state\n2026-03-01T12:00:00Z,61.5,on\n")

    assert stored() == [("pump", "temperature", at("2026-03-01 12:00"), 61.5)]
    assert Asset.objects.get().site == site
    assert "not numeric, ignored: state" in printed
    assert "1 rows, 1 readings (1 new, 0 corrected, 0 stored before), 0 rows rejected" in printed


def test_importing_a_file_again_adds_nothing(run):
    table = "time,a,b\n" + "".join(f"2026-03-01T12:{m:02}:00Z,{m},{-m}\n" for m in range(60))
    run(table)
    before = stored()

    assert "120 readings (0 new, 0 corrected, 120 stored before)" in run(table)
    assert stored() == before
    assert Sensor.objects.count() == 2


def test_a_long_table_names_the_sensor_in_each_line(run):
    run(
        "when,sensor,reading\n2026-03-01T12:00:00Z,x,1\n2026-03-01T12:00:00Z,y,2\n",
        "--long", "--time-column", "when", "--key-column", "sensor", "--value-column", "reading",
        "--asset", "P-1",
    )  # fmt: skip
    assert [(tag, key, value) for tag, key, _, value in stored()] == [
        ("P-1", "x", 1.0),
        ("P-1", "y", 2.0),
    ]


def test_a_column_can_name_the_asset(run):
    run("machine,time,a\nP-1,2026-03-01T12:00:00Z,1\nP-2,2026-03-01T12:00:00Z,2\n",
        "--asset-column", "machine")  # fmt: skip
    assert [(tag, value) for tag, _, _, value in stored()] == [("P-1", 1.0), ("P-2", 2.0)]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_finds_the_delimiter_and_takes_any_line_ending_and_a_byte_order_mark(run, mark, end, start):
    run(start + end.join([f"time{mark}a b", f"2026-03-01T12:00:00Z{mark}1.5", ""]))
    assert stored() == [("pump", "a b", at("2026-03-01 12:00"), 1.5)]


def test_reads_blank_separated_numbers_without_a_header(run):
    run("1 1 0.5  20.1 \n1 2 0.6  20.2 \n2 1 0.7  20.3 \n",
        "--header", "none", "--columns", "unit,cycle,setting,t2", "--asset-column", "unit",
        "--time-column", "cycle", "--time-unit", "cycle", "--start", "2026-01-01T00:00:00Z",
        "--value-columns", "t2")  # fmt: skip
    assert stored() == [
        ("1", "t2", at("2026-01-01 01:00"), 20.1),
        ("1", "t2", at("2026-01-01 02:00"), 20.2),
        ("2", "t2", at("2026-01-01 01:00"), 20.3),
    ]


def test_reads_gzip_whatever_the_file_is_called(run):
    run(gzip.compress(b"time,a\n2026-03-01T12:00:00Z,1\n"), name="pump.dat")
    assert len(stored()) == 1


def test_reads_quoted_cells_and_decimal_commas(run):
    run('time;"flow; l/min"\n"2026-03-01T12:00:00Z";"1,5"\n', "--decimal", ",")
    assert stored()[0][1:] == ("flow; l/min", at("2026-03-01 12:00"), 1.5)


def test_reads_other_encodings_when_told(run):
    run("time,Öl\n2026-03-01T12:00:00Z,1\n".encode("latin-1"), "--encoding", "latin-1")
    run("time\tÖl 2\n2026-03-01T12:00:00Z\t1\n".encode("utf-16"))
    assert [key for _, key, _, _ in stored()] == ["Öl", "Öl 2"]


def test_given_columns_are_left_out(run):
    run("time,a,label\n2026-03-01T12:00:00Z,1,0\n", "--skip-columns", "label")
    assert [key for _, key, _, _ in stored()] == ["a"]


def test_new_sensors_get_the_given_units(run):
    run("time,a,b\n2026-03-01T12:00:00Z,1,2\n", "--unit", "a=°C", "--unit", "bar")
    assert list(Sensor.objects.order_by("key").values_list("unit", flat=True)) == ["°C", "bar"]


def test_a_site_is_found_by_its_code_or_its_name(run, site):
    SiteFactory.create(organization=site.organization, code="B", name="North plant")
    run("time,a\n2026-03-01T12:00:00Z,1\n", "--site", "North plant")
    run("time,a\n2026-03-01T12:00:00Z,1\n", "--site", "B", "--asset", "P-2")
    assert set(Asset.objects.values_list("site__code", flat=True)) == {"B"}


def test_no_asset_is_created_when_it_is_not_clear_where(run, site):
    SiteFactory.create(organization=site.organization)
    with pytest.raises(CommandError, match="no asset 'pump', and it is not clear at which site"):
        run("time,a\n2026-03-01T12:00:00Z,1\n")


def test_says_how_many_readings_a_file_repeats(run):
    line = "2026-03-01T12:00:00Z,1\n"
    assert "2 readings (1 new, 0 corrected, 0 stored before, 1 repeated)" in run(
        "time,a\n" + 2 * line
    )


def test_a_missing_site_is_created_in_the_zone_of_the_organization(folder, capsys):
    OrganizationFactory.create(timezone="Asia/Tokyo")
    (folder / "p.csv").write_text("time,a\n2026-03-01 12:00,1\n")
    call_command("import_readings", "p.csv", "--site", "NEW", "--create-missing")

    assert Site.objects.get().timezone == "Asia/Tokyo"
    assert stored()[0][2] == at("2026-03-01 03:00")


# -- time --------------------------------------------------------------------------------------


def test_times_without_a_zone_are_those_of_the_site(run):
    run("time,a\n2026-03-01 12:00,1\n2026-07-01 12:00,2\n2026-07-01T12:00:00+00:00,3\n")
    assert [time for _, _, time, _ in stored()] == [
        at("2026-03-01 11:00"),
        at("2026-07-01 10:00"),
        at("2026-07-01 12:00"),
    ]


def test_each_asset_has_the_zone_of_its_own_site(run, site):
    away = SiteFactory.create(organization=site.organization, timezone="America/New_York")
    AssetFactory.create(organization=site.organization, site=away, tag="P-2")
    run("machine,time,a\nP-1,2026-03-01 12:00,1\nP-2,2026-03-01 12:00,2\n",
        "--asset-column", "machine", "--site", "MAIN")  # fmt: skip
    assert [time for _, _, time, _ in stored()] == [at("2026-03-01 11:00"), at("2026-03-01 17:00")]


def test_a_given_zone_counts_more_than_the_site(run):
    run("time,a\n2026-03-01 12:00,1\n", "--timezone", "Asia/Tokyo")
    assert stored()[0][2] == at("2026-03-01 03:00")


def test_a_time_that_the_clock_shows_twice_is_rejected_until_one_is_chosen(run, folder):
    table = "time,a\n2025-10-26 02:30,1\n"
    with pytest.raises(CommandError, match="1 line rejected"):
        run(table)
    assert "happens twice in Europe/Berlin" in (folder / "pump.rejects.csv").read_text()

    run(table, "--ambiguous", "second")
    assert stored()[0][2] == at("2025-10-26 01:30")
    run(table, "--ambiguous", "first")
    assert stored()[0][2] == at("2025-10-26 00:30")


def test_a_time_that_the_clock_skips_is_rejected(run, folder):
    with pytest.raises(CommandError):
        run("time,a\n2026-03-29 02:30,1\n")
    assert "does not exist in Europe/Berlin" in (folder / "pump.rejects.csv").read_text()


@pytest.mark.parametrize(
    ("cell", "options", "expected"),
    [
        ("01.03.2026 12:00", ["--time-format", "%d.%m.%Y %H:%M"], "2026-03-01 11:00"),
        ("1772366400", ["--time-unit", "s"], "2026-03-01 12:00"),
        ("1772366400000", ["--time-unit", "ms"], "2026-03-01 12:00"),
        ("1772366400000000", ["--time-unit", "us"], "2026-03-01 12:00"),
        ("3", ["--time-unit", "10min", "--start", "2026-03-01T12:00:00Z"], "2026-03-01 12:30"),
        ("0.5", ["--time-unit", "h", "--start", "2026-03-01 12:00"], "2026-03-01 11:30"),
    ],
)
def test_reads_formats_and_counters(run, cell, options, expected):
    run(f"time,a\n{cell},1\n", *options)
    assert stored()[0][2] == at(expected)


# -- rejected lines ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-03-01T12:00:00Z,abc,1", "a: 'abc' is not a number."),
        ("2026-03-01T12:00:00Z,NaN,1", "a: nan is not a finite number."),
        ("2026-03-01T12:00:00Z,-inf,1", "a: -inf is not a finite number."),
        ("2026-03-01T12:00:00Z,1e999,1", "a: inf is not a finite number."),
        ("2026-03-01T12:00:00Z,1_000,1", "a: '1_000' is not a number."),
        ("2026-03-01T12:00:00Z,१,1", "a: '१' is not a number."),
        ("2026-03-01T12:00:00Z,1", "The line has 2 cells, but there are 3 columns."),
        ("2026-03-01T12:00:00Z,1,2,3", "The line has 4 cells, but there are 3 columns."),
        ("yesterday,1,1", "'yesterday' is not an ISO 8601 time"),
        ("1969-12-31T23:59:59Z,1,1", "lies before 1970"),
        ("2999-01-01T00:00:00Z,1,1", "lies more than one day in the future"),
        ("0001-01-01T00:00:00+23:00,1,1", "is out of reach"),
        ('2026-03-01T12:00:00Z,"1,1', "A quotation mark in the line is not closed."),
        ("2026-03-01T12:00:00Z,\0,1", "The line holds bytes that are no text."),
    ],
)
def test_a_bad_line_is_rejected_with_its_number_and_reason(run, folder, line, reason):
    good = "2026-03-01T11:00:00Z,1,2\n"
    with pytest.raises(CommandError, match="1 line rejected"):
        run("time,a,b\n" + good * 3000 + line + "\n2026-03-01T13:00:00Z,1,2\n")

    header, rejected = (folder / "pump.rejects.csv").read_text().splitlines()
    assert header == "rejected_line,rejected_reason,time,a,b"
    assert rejected.startswith("3002,")
    assert reason in rejected
    assert Reading.objects.filter(time=at("2026-03-01 13:00")).count() == 2


def test_the_good_cells_of_a_line_with_a_bad_one_are_stored(run):
    run("time,a,b\n2026-03-01T12:00:00Z,1,2\n2026-03-01T13:00:00Z,NaN,2\n", "--allow-rejects")
    assert [(key, time.hour) for _, key, time, _ in stored()] == [("a", 12), ("b", 12), ("b", 13)]


def test_an_empty_cell_is_no_reading(run):
    run("time,a,b\n2026-03-01T12:00:00Z,, 2 \n2026-03-01T13:00:00Z,1,\n2026-03-01T14:00:00Z,,\n")
    assert [(key, value) for _, key, _, value in stored()] == [("a", 1.0), ("b", 2.0)]


def test_texts_that_mean_no_reading_can_be_named(run):
    run("time,a\n2026-03-01T12:00:00Z,NaN\n2026-03-01T13:00:00Z,1\n", "--null", "NaN")
    assert len(stored()) == 1


def test_the_file_of_rejected_lines_can_be_corrected_and_imported(run, folder):
    run("time,a\n2026-03-01T11:00:00Z,1\n2026-03-01T12:00:00Z,?\n", "--allow-rejects")
    rejects = folder / "pump.rejects.csv"
    rejects.write_text(rejects.read_text().replace(",?", ",2"))
    call_command("import_readings", "pump.rejects.csv")

    assert [(tag, key, value) for tag, key, _, value in stored()] == [
        ("pump", "a", 1.0),
        ("pump", "a", 2.0),
    ]


def test_lines_that_are_not_utf8_are_rejected_alone(run, folder):
    with pytest.raises(CommandError, match="1 line rejected"):
        run(b"time,a\n2026-03-01T11:00:00Z,1\n2026-03-01T12:00:00Z,\xe9\n2026-03-01T13:00:00Z,3\n")
    assert "--encoding" in (folder / "pump.rejects.csv").read_text()
    assert len(stored()) == 2


def test_unknown_assets_and_sensors_are_rejected_with_what_to_do(folder, site):
    asset = AssetFactory.create(organization=site.organization, site=site, tag="P-1")
    SensorFactory.create(asset=asset, key="a")
    (folder / "p.csv").write_text(
        "m,time,a,b\nP-1,2026-03-01T12:00:00Z,1,2\nP-2,2026-03-01T12:00:00Z,1,2\n"
        ",2026-03-01T12:00:00Z,1,2\n"
    )
    with pytest.raises(CommandError, match="3 lines rejected"):
        call_command("import_readings", "p.csv", "--asset-column", "m", "--rejects", "r.csv")

    text = (folder / "r.csv").read_text()
    assert "P-1 has no sensor 'b': create it first, or add --create-missing." in text
    assert "There is no asset 'P-2': create it first, or add --create-missing." in text
    assert "The line names no asset." in text
    assert [(tag, key) for tag, key, _, _ in stored()] == [("P-1", "a")]


def test_readings_in_another_unit_than_the_sensor_are_rejected(run, folder, site):
    asset = AssetFactory.create(organization=site.organization, site=site, tag="pump")
    SensorFactory.create(asset=asset, key="a", unit="°C")
    with pytest.raises(CommandError):
        run("time,a\n2026-03-01T12:00:00Z,1\n", "--unit", "a=°F")
    assert "is in °C, not in °F" in (folder / "pump.rejects.csv").read_text()


def test_assets_of_another_organization_are_not_found(folder, site):
    theirs = SensorFactory.create(key="a")
    (folder / "p.csv").write_text("time,a\n2026-03-01T12:00:00Z,1\n")
    with pytest.raises(CommandError, match="rejected"):
        call_command("import_readings", "p.csv", "--asset", theirs.asset.tag,
                     "--organization", site.organization.slug)  # fmt: skip
    assert not stored()


# -- whole files and arguments -----------------------------------------------------------------


def test_a_cut_off_gzip_file_keeps_what_came_before_it(run):
    lines = "".join(f"{1_700_000_000 + i},{i * 7919 % 1013}\n" for i in range(30_000))
    whole = gzip.compress(b"time,a\n" + lines.encode())
    with pytest.raises(CommandError, match=r"cut off.*readings from before are stored.*safe"):
        run(whole[: len(whole) // 2], "--time-unit", "s")
    assert 1_000 < Reading.objects.count() < 30_000

    run(whole, "--time-unit", "s")
    assert Reading.objects.count() == 30_000


def test_a_damaged_gzip_file_is_named(run):
    whole = bytearray(gzip.compress(b"time,a\n" + b"2026-03-01T12:00:00Z,1\n" * 5))
    whole[-6] ^= 0xFF
    with pytest.raises(CommandError, match="damaged"):
        run(bytes(whole))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\x1f\x8b", "not a complete gzip"),
        (b"PK\x03\x04zzzz", "ZIP archive or an Excel"),
        (b"\x7fELF\0\0\0", "is not a text file"),
        (b"1 2 3\n4 5 6\n", "holds numbers, not the names of columns"),
        (b"a,b\n1,2\n", r"has no column 'time' \(--time-column\). Its columns are a, b."),
        (b"time,a,a\n2026-03-01T12:00:00Z,1,2\n", "more than one column 'a'"),
        (b"time,a\n2026-03-01T12:00:00Z,on\n", "has no column of numbers"),
        (b"time,\xe9\n2026-03-01T12:00:00Z,1\n", "The header of .* is not in the encoding"),
        (b'time,"a\n', "quotation mark"),
        (b"x" * 1_000_001, "longer than 1,000,000 characters"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(run, content, says):
    with pytest.raises(CommandError, match=says):
        run(content)
    assert not stored()


def test_a_missing_file_and_a_folder_are_refused_and_other_files_are_imported(folder, site):
    (folder / "more").mkdir()
    (folder / "p.csv").write_text("time,a\n2026-03-01T12:00:00Z,1\n")
    with pytest.raises(CommandError, match=r"(?s)no file nowhere.csv.*more is a folder"):
        call_command("import_readings", "nowhere.csv", "more", "p.csv", "--create-missing")
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--time-format", "%Q"], "not a time format"),
        (["--time-unit", "weeks"], "not a unit of time"),
        (["--time-unit", "h"], "needs to know when it began"),
        (["--time-unit", "h", "--start", "now"], "--start 'now' is not a time"),
        (["--start", "2026-01-01"], "it needs --time-unit"),
        (["--time-unit", "s", "--time-format", "%Y"], "not both"),
        (["--timezone", "Mars/Base"], "is not a time zone"),
        (["--encoding", "klingon"], "is unknown"),
        (["--delimiter", "::"], "is not one character"),
        (["--site", "NOWHERE"], "There is no site 'NOWHERE'; there is MAIN"),
        (["--organization", "nobody"], "There is no organization 'nobody'"),
        (["--asset", "x", "--asset-column", "y"], "not both"),
        (["--unit", "bar", "--unit", "psi"], "one --unit for all"),
        (["--long", "--value-columns", "a"], "are for wide tables"),
        (["--value-columns", "b"], "has no column 'b' "),
        (["--rejects", "p.csv"], "would overwrite"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(folder, site, options, says):
    (folder / "p.csv").write_text("time,a\n2026-03-01T12:00:00Z,1\n")
    with pytest.raises(CommandError, match=says):
        call_command("import_readings", "p.csv", *options)


def test_asks_which_organization_when_there_are_two(folder):
    SiteFactory.create_batch(2)
    (folder / "p.csv").write_text("time,a\n")
    with pytest.raises(CommandError, match="more than one organization: choose --organization"):
        call_command("import_readings", "p.csv")


def test_reading_a_long_file_takes_no_more_memory_than_a_short_one(folder):
    lines = "".join(f"{1_700_000_000 + i},{i}.5,{-i}.25\n" for i in range(30_000))
    (folder / "long.csv").write_text("time,a,b\n" + lines)

    tracemalloc.start()
    with open_source(folder / "long.csv", "utf-8") as source:
        table = open_table("long.csv", source.lines(), Layout())
        rows = sum(1 for _ in table.rows(counter_reader("s", None), lambda _: ZoneInfo("UTC")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert rows == 30_000
    assert peak < 400_000 < len(lines)


# -- hostile input -----------------------------------------------------------------------------

_CELLS = st.one_of(
    st.text(max_size=8),
    st.floats().map(str),
    st.integers(-(10**400), 10**400).map(lambda n: str(n)[:400]),
    st.datetimes(timezones=st.just(ZoneInfo("UTC"))).map(lambda t: t.isoformat()),
    st.just("2026-03-01T12:00:00Z"),
)
_LINES = st.lists(_CELLS, max_size=5).map(lambda cells: ",".join(cells).encode(errors="replace"))
_BYTES = st.one_of(_LINES, st.binary(max_size=30))


@pytest.mark.crawl
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lines=st.lists(_BYTES, max_size=8))
def test_no_input_breaks_an_import_and_good_lines_among_it_are_stored(folder, site, lines):
    good = b"2026-03-01T10:00:00Z,1.5,2"
    lines = [line.replace(b"\n", b"").replace(b"\r", b"").replace(b'"', b"") for line in lines]
    (folder / "wild.csv").write_bytes(b"\n".join([b"time,a,b", good, *lines, good]))

    call_command("import_readings", "wild.csv", "--create-missing", "--allow-rejects",
                 "--value-columns", "a,b", verbosity=0)  # fmt: skip

    found = Reading.objects.filter(time=at("2026-03-01 10:00"))
    assert set(found.values_list("sensor__key", "value")) == {("a", 1.5), ("b", 2.0)}


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_imported_or_refused_in_a_sentence(folder, site, content):
    (folder / "wild.csv").write_bytes(content)
    try:
        call_command("import_readings", "wild.csv", "--create-missing", verbosity=0)
    except CommandError as error:
        assert str(error).endswith(".")  # noqa: PT017 (either way is right)


# -- real data ---------------------------------------------------------------------------------


def test_imports_the_machine_temperature_of_nab(folder, site):
    file = need_data("nab") / "data/realKnownCause/machine_temperature_system_failure.csv.gz"
    call_command("import_readings", str(file), "--create-missing", "--unit", "°F", verbosity=0)

    sensor = Sensor.objects.get()
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()[1:]
    moments = {line.split(",")[0] for line in lines}
    assert (sensor.key, sensor.unit, sensor.asset.tag) == (
        "value", "°F", "machine_temperature_system_failure",
    )  # fmt: skip
    assert Reading.objects.count() == len(moments)


def test_imports_a_run_of_skab(folder, site):
    file = need_data("skab") / "valve1/0.csv.gz"
    call_command("import_readings", str(file), "--create-missing", "--asset", "SKAB-0",
                 "--skip-columns", "anomaly,changepoint", verbosity=0)  # fmt: skip
    rows = len(gzip.decompress(file.read_bytes()).splitlines()) - 1
    assert Sensor.objects.count() == 8
    assert Reading.objects.count() == 8 * rows


@pytest.mark.crawl
def test_imports_the_turbofans_of_cmapss(folder, site):
    columns = ["unit", "cycle", "s1", "s2", "s3", *(f"sensor_{n}" for n in range(1, 22))]
    call_command(
        "import_readings", str(need_data("cmapss") / "train_FD001.txt.gz"), "--create-missing",
        "--header", "none", "--columns", ",".join(columns), "--asset-column", "unit",
        "--time-column", "cycle", "--time-unit", "cycle", "--start", "2025-01-01T00:00:00Z",
        "--value-columns", "sensor_2,sensor_11", verbosity=0,
    )  # fmt: skip
    assert Asset.objects.count() == 100
    assert Reading.objects.count() == 2 * 20_631
    first = Sensor.objects.get(asset__tag="1", key="sensor_2")
    assert first.last_time == at("2025-01-09 00:00")
