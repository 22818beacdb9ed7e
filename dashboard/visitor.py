"""Who looks at the page right now; asks them to sign in where that is needed."""

import os
from pathlib import Path

import streamlit as st

from dashboard.people import SIGN_IN_VARIABLE, NotAllowed, Person, local_person, read_sign_in
from dashboard.wording import plain


def visitor() -> Person:
    """Who looks at this page; the page ends here for whoever is not signed in, or has no role."""
    file = os.environ.get(SIGN_IN_VARIABLE)
    if not file:
        return local_person()
    sign_in = read_sign_in(Path(file))
    if not st.user.get("is_logged_in"):
        st.title("Reelroom")
        st.markdown("This workspace is for people whom it knows.")
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
        st.stop()
    try:
        return sign_in.person(st.user.to_dict())
    except NotAllowed as refusal:
        st.error(plain(f"{refusal}"), icon=":material/block:")
        st.button("Sign in as somebody else", on_click=st.logout)
        st.stop()
