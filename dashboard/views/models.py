"""Models: every trained ranker and recommender with its card; put an earlier one to use."""

import json

import streamlit as st

from dashboard.components.choice_table import choice_table
from dashboard.model_shelf import KeptModel, kept_models, promote_model
from dashboard.operations_queries import model_table
from dashboard.people import NotAllowed, Person, needs
from dashboard.settings import Workspace
from dashboard.sources import load_workspace
from dashboard.visitor import visitor
from dashboard.wording import plain
from editing.errors import EditingError
from recsys.errors import RecsysError


@needs("admin")
def promote(person: Person, workspace: Workspace, name: str) -> str:
    return promote_model(workspace, name)


def promote_clicked(person: Person, workspace: Workspace, name: str) -> None:
    try:
        st.toast(plain(promote(person, workspace, name)), icon=":material/check:")
    except (NotAllowed, EditingError, RecsysError) as error:
        st.session_state["promotion_refused"] = f"{error}"


def chosen_model(models: list[KeptModel]) -> KeptModel:
    table = model_table(models)
    rows = choice_table(
        table,
        {
            "in use": st.column_config.CheckboxColumn("In use", width="small"),
            "kind": "Kind",
            "name": st.column_config.TextColumn("Name", width="large"),
            "trained": "Trained (UTC)",
            "learned from": st.column_config.TextColumn("Learned from", width="medium"),
            "remarks": st.column_config.TextColumn("Remarks", width="medium"),
        },
        key="models_table",
        most_rows=10,
    )
    return models[rows[0] if rows else 0]


def figures(model: KeptModel) -> None:
    """The figures that a card names, as training measured them."""
    validation = model.card.get("validation")
    if isinstance(validation, dict) and validation:
        rows = [{"figure": name, "value": value} for name, value in validation.items()]
        st.caption(plain(f"Validation: {model.card.get('held_out', 'what was held out')}"))
        st.dataframe(rows, hide_index=True, row_height=30)
    elif isinstance(validation, list) and validation:
        st.caption(plain(f"What was tried on validation data. {model.card.get('reason', '')}"))
        st.dataframe(validation, hide_index=True, row_height=30)


def details(person: Person, workspace: Workspace, model: KeptModel) -> None:
    st.header(plain(model.name))
    if model.problem:
        st.error(plain(model.problem), icon=":material/error:")
    left, right = st.columns([3, 1])
    with left:
        figures(model)
    with right:
        st.button(
            "In use" if model.in_use else "Use from now on",
            disabled=model.in_use or bool(model.problem) or not person.may("admin"),
            icon=":material/upgrade:",
            on_click=promote_clicked,
            args=(person, workspace, model.name),
            width="stretch",
        )
        if not person.may("admin"):
            st.caption("Choosing another model is for admins.")
        text = json.dumps(model.card, indent=2, default=str)
        st.download_button(
            "Card (JSON)",
            text,
            f"{model.name.replace('@', '-')}.json",
            "application/json",
            icon=":material/download:",
            width="stretch",
        )
    with st.expander("The whole card", icon=":material/description:"):
        st.json(text)


st.title("Models")
looking = visitor()
place = load_workspace()
refused = st.session_state.pop("promotion_refused", "")
if refused:
    st.error(plain(refused), icon=":material/error:")
kept = kept_models(place)
if not kept:
    st.info(
        "No trained models yet. Train a ranker with `reel learn train`, a recommender with "
        "`reel recsys train`.",
        icon=":material/model_training:",
    )
    st.stop()
details(looking, place, chosen_model(kept))
