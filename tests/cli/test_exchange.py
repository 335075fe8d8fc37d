"""`inflow content import` and `export`, from the command to the file and back."""

from pathlib import Path

from tests.cli.program import Program

PACK = "kind: pack\nid: buses\ntitle: Buses\nversion: 1.0.0\nlanguage: en\n"
TOPICS = "kind: topics\ntopics:\n  - {id: buses, title: Buses}\n"
AIKEN = "Where to?\nA. The mill\nB. The pond\nANSWER: A\n\nAnd?\nA. x\nANSWER: A\n"


def test_questions_come_in_and_go_out(program: Program) -> None:
    folder = program.folder / "buses"
    folder.mkdir()
    (folder / "pack.yaml").write_text(PACK)
    (folder / "topics.yaml").write_text(TOPICS)
    source = program.folder / "in.txt"
    source.write_text(AIKEN)
    bring = ("content", "import", "aiken", str(source), "--pack", str(folder))
    place = ("--objective", "get-there", "--quiz", "bus")

    refused = program.call(*bring, "--objective", "get-there")
    assert refused.returncode == 1
    assert "To make a quiz for it, name it with --quiz" in refused.stderr

    done = program.call(*bring, *place)
    problem = "error: the question has fewer than two options: write them as A. and B."
    assert done.stdout == f"{source}:8:1: {problem}\n"
    assert done.returncode == 0
    made: Path = folder / "quizzes" / "bus.yaml"
    assert done.stderr == (
        f"1 draft added to {made}, a new quiz: bus-01 (line 1). 1 question left out.\n"
    )
    assert "status: draft" in made.read_text()

    out = program.call("content", "export", "gift", "bus", "--pack", str(folder))
    assert (out.returncode, out.stderr) == (0, "1 item exported.\n")
    assert out.stdout == (
        "// [tag:objective:get-there]\n::bus-01::Where to?{\n\t=The mill\n\t~The pond\n}\n"
    )

    for empty in ("", "// No question\n\n"):
        source.write_text(empty)
        gift = ("content", "import", "gift", *bring[3:])
        nothing = program.call(*gift, *place)
        said = f"{source}:1:1: error: the file holds no question\n"
        assert (nothing.returncode, nothing.stdout) == (1, said)

    source.write_text("Nothing here.\n")
    nothing = program.call(*bring, *place)
    assert nothing.returncode == 1
    assert nothing.stderr == "Nothing was added. 1 question left out.\n"
