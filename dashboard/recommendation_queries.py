"""What the page of recommendations shows: lists for a user or a made-up history, and the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import streamlit as st

from dashboard.audience_queries import recommender
from dashboard.business_rules import changes
from recsys.forgetting import refuse_forgotten
from recsys.logs.store import LogStore
from recsys.models.model import Recommender
from recsys.rules import Occasion, Rule
from recsys.serving import Placing, Served, serve, up_to_date
from recsys.viewing_log import ITEM

MADE_UP = "a made-up history"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose list is wanted."""

    user: str = ""
    """Of the log; empty for a made-up history."""
    watched: tuple[str, ...] = ()
    """Items of a made-up history, oldest first."""

    @property
    def name(self) -> str:
        """Of the user, or that it is made up."""
        return self.user or MADE_UP


@st.cache_data(max_entries=64, show_spinner=False)
def served(
    logs: Path, recommenders: Path, asked: Asked, k: int, *, log_state: str, state: str
) -> Served:
    """The titles that somebody has not seen and would most likely watch, best first.

    Raises:
        NoModel: None was trained.
        ForgottenUser: The user was removed from the log.
    """
    model, card = _model_for(logs, recommenders, asked, state=state)
    return serve(model, card, LogStore(logs).titles(), asked.name, k=k, placing=Placing())


@st.cache_data(max_entries=16, show_spinner=False)
def rule_changes(
    logs: Path,
    recommenders: Path,
    asked: Asked,
    rules: Sequence[Rule],
    *,
    occasion: Occasion,
    k: int,
    log_state: str,
    state: str,
) -> pl.DataFrame:
    """What rules change in a list, as `business_rules.changes` gives it; raises as `served`."""
    model, _ = _model_for(logs, recommenders, asked, state=state)
    ranked = model.recommend(asked.name, len(model.items))
    scores = {one.item: one.score for one in ranked.items}
    titles: dict[str, dict[str, Any]] = {
        row[ITEM]: row for row in LogStore(logs).titles().iter_rows(named=True)
    }
    return changes(scores, rules, titles, occasion, k)


def _model_for(
    logs: Path, recommenders: Path, asked: Asked, *, state: str
) -> tuple[Recommender, Any]:
    model, card = recommender(recommenders, state=state)
    if asked.user:
        refuse_forgotten(logs, asked.user)
        return up_to_date(model, LogStore(logs), [asked.user]), card
    number = {item: place for place, item in enumerate(model.items)}
    told = [number[item] for item in asked.watched if item in number]
    return model.with_histories({MADE_UP: np.array(told, np.int64)}), card
