"""What the end of a commit's message says of a change."""

# ruff: noqa: E501 - a case is a line

from datetime import timedelta

import pytest

from content.trailer import Trailers, Unclear, read_trailers

MESSAGE = """\
Say that links expire

The rule has changed: it is now fourteen days.
Note: this is no line of ours.

Material-Change: yes, deadline P60D
Editorial: cd-04, cd-07
Approved-by: @maya
approved-by: lea
Approved-by: maya
"""


def test_each_line_at_the_end_says_one_thing() -> None:
    assert read_trailers(MESSAGE) == Trailers(
        editorial=frozenset({"cd-04", "cd-07"}),
        is_material=True,
        deadline=timedelta(days=60),
        approved_by=("maya", "lea"),
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Mend a typo", Trailers()),
        ("", Trailers()),
        ("Material-Change: no\nEditorial: false\n", Trailers()),
        ("Material-Change: yes", Trailers(is_material=True)),
        ("editorial: true", Trailers(all_editorial=True)),
        (
            "commit 1a2b\nAuthor: Ana <ana@x.example>\n\n    Say it\n\n    Editorial: true  \n",
            Trailers(all_editorial=True),
        ),
        (
            "Material-Change: yes, deadline P90D\n\nMaterial-Change: yes, Deadline  P30D",
            Trailers(is_material=True, deadline=timedelta(days=30)),
        ),
        ("a Material-Change: yes, in the middle of a sentence", Trailers()),
    ],
)
def test_what_is_not_said_is_not_so(message: str, told: Trailers) -> None:
    assert read_trailers(message) == told


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("Material-Change: ye", "Material-Change: 'ye' is neither 'yes' nor 'no' (did you mean 'yes'?)"),
        ("Material-Change: no, deadline P1D", "Material-Change: after 'no' comes nothing"),
        ("Material-Change: yes, by P60D", "Material-Change: 'by P60D' is not written like 'deadline P60D'"),
        ("Material-Change: yes, deadline", "Material-Change: '' is no time such as P60D"),
        ("Material-Change: yes, deadline 60", "Material-Change: '60' is no time such as P60D"),
        ("Material-Change: yes, deadline P0D", "Material-Change: 'P0D' is no time such as P60D"),
        ("Material-Change: yes, deadline P60X", "Material-Change: 'P60X' is no time such as P60D"),
        ("Editorial: all of it", "Editorial: 'all of it' is no item; this is 'true' or the ids of items"),
        ("Approved-by: Maya Lind", "Approved-by: 'Maya Lind' is no handle such as @maya"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line(line: str, error: str) -> None:
    with pytest.raises(Unclear) as caught:
        read_trailers(f"Say it\n\n{line}\n")
    assert str(caught.value) == f"line 3: {error}"
