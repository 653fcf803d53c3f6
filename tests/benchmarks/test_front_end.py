from click.testing import CliRunner

from benchmarks.front_end import SENTENCES, main, measure
from tts.text.languages import READERS


def test_there_are_sentences_of_every_language():
    assert set(SENTENCES) == {*READERS, "auto"}


def test_a_mode_is_measured():
    found = measure("en", 2)
    assert 0 < found.median_ms <= found.longest_ms
    assert found.load_sec > 0
    assert found.first_ms > 0


def test_the_command_prints_a_row_a_mode():
    result = CliRunner().invoke(main, ["--rounds", "1", "--mode", "en"])
    assert result.exit_code == 0, result.output
    header, row = (line.split() for line in result.output.splitlines())
    assert header[0] == "mode"
    assert row[0] == "en"
    assert len(row) == 6
    assert float(row[2]) > 5  # its dictionary alone
