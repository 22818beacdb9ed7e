"""The dashboard's entry: shows the pages that `dashboard.views` lists. `reel dashboard` serves it.

Streamlit runs this file as a script, and puts its folder first on the import path: modules are
always imported as `dashboard.…`, never by their bare names.
"""

import streamlit as st

from dashboard import warm_up
from dashboard.guard import told_errors
from dashboard.theme import STYLE
from dashboard.views import PAGES
from dashboard.visitor import visitor

ICON = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="1" y="4" width="30" height="24"
rx="5" fill="#E69F00"/><path d="M12 10v12l10-6z" fill="#14171C"/></svg>
"""
LOGO = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32">
<rect x="1" y="5" width="34" height="22" rx="4" fill="#E69F00"/>
<g fill="#14171C"><rect x="5" y="8" width="4" height="4" rx="1"/><rect x="5" y="14" width="4"
height="4" rx="1"/><rect x="5" y="20" width="4" height="4" rx="1"/><rect x="27" y="8" width="4"
height="4" rx="1"/><rect x="27" y="14" width="4" height="4" rx="1"/><rect x="27" y="20" width="4"
height="4" rx="1"/><path d="M14 10v12l9-6z"/></g>
<text x="43" y="23" font-family="Source Sans, Source Sans Pro, sans-serif" font-size="21"
font-weight="600" fill="#8B97A5">Reelroom</text></svg>
"""

st.set_page_config(page_title="Reelroom", page_icon=ICON, layout="wide")
st.logo(LOGO, size="large")
st.html(STYLE)

page = st.navigation([view.page() for view in PAGES], position="top")
with told_errors(page.title):
    visitor()  # a page is shown to whoever may see it
    page.run()
warm_up.begin()
