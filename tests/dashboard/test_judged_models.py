"""Long work on a log in a process of its own: models judged anew, and a process that dies."""

import time
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import audience_answers
from dashboard.audience_answers import Answer, ask, forget_answers, look_up, try_again
from dashboard.audience_question import Question
from dashboard.model_comparison import evaluation_figures, read_evaluation, start_evaluation
from dashboard.people import NotAllowed, Person
from dashboard.segment_answers import read_segments
from dashboard.settings import Workspace
from dashboard.sources import tree_state

APP = Path(dashboard.__file__).parent / "app.py"
LONGEST = 240


def ended(workspace: Workspace, question: Question, state: str) -> Answer:
    until = time.monotonic() + LONGEST
    while (found := look_up(workspace, question, state=state)).progress is not None:
        assert time.monotonic() < until
        time.sleep(0.2)
    return found


def test_models_are_judged_in_a_process_of_their_own_and_shown_with_intervals(
    workspace: Workspace,
) -> None:
    page = AppTest.from_file(str(APP), default_timeout=180)
    page.session_state["recommendations_section"] = "Models"
    page.session_state["judged_models"] = ["popularity", "knn"]
    page.run().switch_page("views/recommendations.py").run()
    next(button for button in page.button if button.label == "Judge them").click().run()
    question = Question("evaluation", models=("popularity", "knn"))
    folder = ended(workspace, question, tree_state(workspace.logs)).folder
    assert folder is not None
    page.run()

    assert not page.exception and not page.error
    differences = page.dataframe[0].value
    assert differences[["first", "other"]].to_numpy().tolist() == [["popularity", "knn"]]
    figures = evaluation_figures(read_evaluation(folder))
    assert set(figures["model"]) == {"popularity", "knn"}
    assert (figures["low"] <= figures["value"]).all()
    assert (figures["value"] <= figures["high"]).all()


def test_a_viewer_cannot_have_models_judged(workspace: Workspace) -> None:
    question = Question("evaluation", models=("popularity",))
    state = tree_state(workspace.logs)

    with pytest.raises(NotAllowed):
        start_evaluation(Person("Vic", "viewer"), workspace, question, state=state)
    assert look_up(workspace, question, state=state) == Answer()


def test_a_process_of_its_own_gives_what_is_given_at_once(workspace: Workspace) -> None:
    question, state = Question("segments"), tree_state(workspace.logs)
    at_once = ask(workspace, question, state=state).folder
    assert at_once is not None
    first = read_segments(at_once)
    forget_answers(workspace)

    begun = ask(workspace, question, state=state, small=0)
    assert begun.progress is not None
    later = ended(workspace, question, state).folder

    assert later is not None
    second = read_segments(later)
    assert first.summary == second.summary
    assert_frame_equal(first.table, second.table)
    assert_frame_equal(first.traits, second.traits)


def test_a_process_that_is_killed_is_told_and_can_be_begun_again(workspace: Workspace) -> None:
    question, state = Question("segments"), tree_state(workspace.logs)
    ask(workspace, question, state=state, small=0)
    *_, child = audience_answers._running.values()
    child.stop()

    told = ended(workspace, question, state)
    assert told == Answer(broken=True)
    assert told.why == "its process died (killed by signal 9)"
    assert ask(workspace, question, state=state) == Answer(broken=True)
    assert try_again(workspace, question, state=state).folder is not None
