"""System: whether the workspace is well, how much room it takes, and who is looking."""

import altair as alt
import streamlit as st

from dashboard.health import look_after
from dashboard.operations_queries import room_table
from dashboard.people import Person
from dashboard.settings import Workspace
from dashboard.sources import load_workspace
from dashboard.storage import Storage, storage_of
from dashboard.visitor import visitor
from dashboard.wording import plain


def health(workspace: Workspace) -> None:
    findings = look_after(workspace)
    for place, finding in zip(st.columns(len(findings)), findings, strict=True):
        with place.container(border=True):
            badge = ":green-badge[:material/check: well]"
            st.markdown(
                f"**{finding.part.capitalize()}** "
                + (badge if finding.well else ":red-badge[:material/error: not well]")
            )
            st.caption(plain(finding.words))
    st.caption("`/healthz` answers the same as JSON: 200 if all is well, else 503.")


@st.cache_data(ttl=30, max_entries=4, show_spinner="Measuring the workspace")
def measured(workspace: Workspace) -> Storage:
    return storage_of(workspace)


def rooms(storage: Storage) -> None:
    left, middle, right = st.columns(3)
    left.metric("This workspace", f"{storage.bytes / 1e9:,.2f} GB")
    middle.metric("Free on its disk", f"{storage.free / 1e9:,.1f} GB")
    right.metric("The disk", f"{storage.capacity / 1e9:,.1f} GB")
    table = room_table(storage)
    if table.is_empty():
        st.info("Nothing is kept yet.", icon=":material/inventory_2:")
        return
    chart = (
        alt.Chart(table, title="Room by kind of thing")
        .mark_bar(color="#4C9BCB")
        .encode(
            x=alt.X("megabytes:Q", title="Megabytes"),
            y=alt.Y("kind:N", title=None, sort="-x"),
            tooltip=[
                alt.Tooltip("kind:N", title="What"),
                alt.Tooltip("megabytes:Q", title="MB", format=",.1f"),
                alt.Tooltip("files:Q", title="Files", format=","),
            ],
        )
        .properties(height=40 + 26 * table.height)
    )
    st.altair_chart(chart)


def who(person: Person) -> None:
    st.text(f"You are {person.name}, {person.role}.")
    if st.user.get("is_logged_in"):
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")


st.title("System")
looking = visitor()
place = load_workspace()
health(place)
st.header("Storage")
rooms(measured(place))
who(looking)
