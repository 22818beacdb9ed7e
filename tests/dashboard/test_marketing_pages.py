"""Segments, Promote and Recommendations: what they show, and what they say with nothing there."""

import io
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.audience_answers import ask, forget_answers, look_up
from dashboard.audience_question import Question
from dashboard.business_rules import FILE, changes, parse_rules, save_rules
from dashboard.campaigns import hand_over_campaign
from dashboard.people import NotAllowed, Person
from dashboard.segment_answers import read_segments, users_to_show_title
from dashboard.settings import Workspace
from dashboard.sources import tree_state
from recsys.audience.promotion import CAMPAIGN_SCHEMA, Draw
from recsys.errors import NoUsableRows, UnusableRules
from recsys.rules import Occasion
from recsys.run import import_log, load_log

APP = Path(dashboard.__file__).parent / "app.py"
EDITOR, VIEWER = Person("Ana", "editor"), Person("Vic", "viewer")


def opened(view: str, **session: object) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=180)
    for name, value in session.items():
        page.session_state[name] = value
    page.run().switch_page(f"views/{view}.py").run()
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def words(page: AppTest) -> str:
    kinds = (*page.caption, *page.markdown, *page.info, *page.warning)
    return "\n".join(element.value for element in kinds)


def import_rows(workspace: Workspace, folder: Path, rows: dict[str, list[object]]) -> None:
    pl.DataFrame(rows).write_csv(folder / "log.csv")
    import_log([folder / "log.csv"], workspace.logs)


def least_viewed(workspace: Workspace) -> str:
    """The item of the title that most users have not played."""
    viewers = load_log(workspace.logs).filter("click").group_by("item").agg(pl.n_unique("user"))
    return str(viewers.sort("user", "item")["item"][0])


@pytest.mark.parametrize("view", ["segments", "promote", "recommendations"])
def test_without_a_log_a_page_says_which_command_to_run(
    empty_workspace: Workspace, view: str
) -> None:
    assert "reel logs import" in opened(view).info[0].value


@pytest.mark.parametrize("view", ["segments", "promote", "recommendations"])
def test_simulated_figures_are_marked_on_every_page(workspace: Workspace, view: str) -> None:
    page = opened(view)

    assert "simulated" in page.title[0].value
    assert "No figure on this page is of a real audience" in words(page)


def test_segments_have_sizes_and_a_reason_for_their_number(workspace: Workspace) -> None:
    page = opened("segments")

    table = page.dataframe[0].value
    assert table["users"].sum() == 60
    assert abs(table["share"].sum() - 100) < 1e-6
    assert "groups" in words(page)


def test_too_few_users_for_segments_is_said(empty_workspace: Workspace, tmp_path: Path) -> None:
    rows: dict[str, list[object]] = {"user": ["a"], "item": ["x"], "timestamp": ["2025-03-01"]}
    import_rows(empty_workspace, tmp_path, rows)

    assert "too few" in opened("segments").info[0].value


def test_a_title_shows_the_response_of_each_segment(workspace: Workspace) -> None:
    page = opened("promote")

    table = page.dataframe[0].value
    assert (table["low"] <= table["expected_response"]).all()
    assert (table["expected_response"] <= table["high"]).all()


def test_a_title_is_ranked_for_a_campaign_when_asked(workspace: Workspace) -> None:
    page = opened("promote", promoted_title=least_viewed(workspace))

    rank = next(button for button in page.button if button.label == "Rank the audience")
    rank.click().run()

    assert not page.exception and not page.error
    metrics = {one.label: one.value for one in page.metric}
    shown, held = (int(metrics[name].replace(",", "")) for name in ("To be shown it", "Held out"))
    assert shown > held > 0


def test_a_segment_shows_titles_to_promote(workspace: Workspace) -> None:
    page = opened("promote", promote_section="A segment")

    table = page.dataframe[0].value
    assert table["expected_response"].is_monotonic_decreasing
    assert int(page.metric[0].value.replace(",", "")) > 0


def test_cuts_without_a_film_of_the_log_say_what_to_do(workspace: Workspace) -> None:
    page = opened("promote", promote_section="Cuts")

    assert "reel ingest" in words(page)


def test_recommendations_are_listed_with_titles(workspace: Workspace) -> None:
    page = opened("recommendations")

    listed, seen = (frame.value for frame in page.dataframe[:2])
    assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
    assert not set(listed["title"]) & set(seen["title"])
    assert "recommender *popularity*" in words(page)


def test_an_unknown_user_is_given_what_is_popular(workspace: Workspace) -> None:
    page = opened("recommendations", user="nobody")

    assert "nobody is not in the log" in page.warning[0].value
    assert len(page.dataframe[0].value) == 10


def test_a_made_up_history_is_not_recommended_again(workspace: Workspace) -> None:
    picked = ["t001", "t002"]
    page = opened("recommendations", try_as="A made-up history", made_up=picked)

    assert not set(page.dataframe[0].value["item"]) & set(picked)


def test_without_a_recommender_it_says_which_command_to_run(workspace: Workspace) -> None:
    (workspace.recommenders / "current.json").unlink()

    assert "reel recsys train" in words(opened("recommendations"))


def test_a_damaged_recommender_is_told_without_a_traceback(workspace: Workspace) -> None:
    (workspace.recommenders / "current.json").write_text("{")
    page = AppTest.from_file(str(APP), default_timeout=180)

    page.run().switch_page("views/recommendations.py").run()

    assert not page.exception
    assert "train it again" in page.error[0].value


def test_the_models_tab_shows_the_figures_of_validation(workspace: Workspace) -> None:
    page = opened("recommendations", recommendations_section="Models")

    assert "As training judged them" in words(page)


def test_the_rules_tab_previews_what_a_rule_changes(workspace: Workspace) -> None:
    rule = '[[rule]]\nname = "none of it"\nkind = "exclude"\nitems = ["{}"]\n'
    best = opened("recommendations").dataframe[0].value["item"][0]
    page = opened("recommendations", recommendations_section="Rules", rules_text=rule.format(best))

    out = page.dataframe[0].value.set_index("item").loc[best]
    assert (out["before"], out["change"], out["rules"]) == (1, "out", "none of it")


def test_changes_name_the_rule_that_took_a_title_out() -> None:
    scores = {"a": 3.0, "b": 2.0, "c": 1.0}
    rules = parse_rules(
        '[[rule]]\nname = "no a"\nkind = "exclude"\nitems = ["a"]\n'
        '[[rule]]\nname = "c up"\nkind = "boost"\nitems = ["c"]\nplaces = 1\n'
    )

    table = changes(scores, rules, {}, Occasion(), 2)

    assert table.select("before", "after", "item", "rules").rows() == [
        (None, 1, "c", "c up"),
        (2, 2, "b", ""),
        (1, None, "a", "no a"),
    ]


def test_rules_are_kept_by_editors_only_and_only_if_they_are_rules(workspace: Workspace) -> None:
    with pytest.raises(NotAllowed):
        save_rules(VIEWER, workspace, "")
    with pytest.raises(UnusableRules, match="unknown fields"):
        save_rules(EDITOR, workspace, "[[rule]]\nkind = 'exclude'\nwhom = 'x'\n")
    assert not (workspace.root / FILE).exists()

    assert save_rules(EDITOR, workspace, "[[rule]]\nkind = 'exclude'\n") == 1


def test_a_campaign_file_is_for_editors_and_reads_back_as_it_was() -> None:
    users = pl.DataFrame(
        [(1, "=u1", "t1", None, "target", 0.9, 1, 0.2, 0.1, 0.3)],
        schema=CAMPAIGN_SCHEMA,
        orient="row",
    )
    with pytest.raises(NotAllowed):
        hand_over_campaign(VIEWER, users, "csv")

    assert pl.read_parquet(io.BytesIO(hand_over_campaign(EDITOR, users, "parquet"))).equals(users)
    told = pl.read_csv(hand_over_campaign(EDITOR, users, "csv"), schema_overrides=CAMPAIGN_SCHEMA)
    assert told.equals(users)


def test_a_campaign_drawn_again_keeps_the_ranking_and_the_share_held_out() -> None:
    rows = [
        (rank, f"u{rank:03d}", "t", None, "target", 1.0, 1 + rank // 51, 0.1, 0.05, 0.2)
        for rank in range(1, 101)
    ]
    ranked = pl.DataFrame(rows, schema=CAMPAIGN_SCHEMA, orient="row")
    names = [f"u{n:03d}" for n in range(1, 101)]
    members = pl.DataFrame({"user": names, "segment": ["odd", "even"] * 50})

    users = users_to_show_title(ranked, members, segment="odd", size=40, draw=Draw(0.25))

    assert users["user"].to_list() == [f"u{n:03d}" for n in range(1, 80, 2)]
    assert users["rank"].to_list() == list(range(1, 41))
    assert (users["group"] == "hold-out").sum() == 10


def test_an_answer_is_kept_until_the_log_changes(workspace: Workspace, tmp_path: Path) -> None:
    question = Question("segments")
    state = tree_state(workspace.logs)
    assert look_up(workspace, question, state=state).folder is None
    first = ask(workspace, question, state=state).folder
    assert first is not None and look_up(workspace, question, state=state).folder == first
    known = read_segments(first)
    assert sum(len(known.users_of(name)) for name in known.names) == 60
    with pytest.raises(NoUsableRows, match="there are"):
        known.find("nobody")

    rows: dict[str, list[object]] = {"user": ["n"], "item": ["t001"], "timestamp": ["2025-03-01"]}
    import_rows(workspace, tmp_path, rows)
    ask(workspace, Question("figures"), state=tree_state(workspace.logs))

    assert not first.exists()
    forget_answers(workspace)
    assert not (workspace.root / "audience").exists()
