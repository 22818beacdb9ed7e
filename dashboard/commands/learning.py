"""Commands that teach: `reel learn`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace

if TYPE_CHECKING:
    from editing.rank.checkpoint import Card
    from ingest.catalog import Catalog
    from ingest.media import Media


class WeighedSource(click.ParamType[tuple[str, float]]):
    """A source of labels, and after an equals sign how much it counts: `editors=2`."""

    name = "source"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """The source and its weight, 1 if none is said."""
        if isinstance(value, tuple):
            return value
        name, _, weight = str(value).partition("=")
        if name not in ("trailers", "editors", "audience"):
            self.fail(f"{name!r} is none of trailers, editors, audience", param, ctx)
        try:
            number = float(weight or 1)
        except ValueError:
            number = 0.0
        if not 0 < number <= 1e6:
            self.fail(f"{weight!r} is no number above 0", param, ctx)
        return name, number


class FilmCurve(click.ParamType[tuple[str, Path]]):
    """A film of the catalogue and the file that holds its audience's curve: `FILM=FILE`."""

    name = "film=file"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path]:
        """The film's name and the path."""
        if isinstance(value, tuple):
            return value
        film, _, path = str(value).partition("=")
        if not film or not path:
            self.fail(f"{value!r} is not FILM=FILE", param, ctx)
        return film, Path(path)


@click.group("learn")
def learn_group() -> None:
    """Train what scores the shots."""


@learn_group.command("train")
@click.option(
    "--model",
    type=click.Choice(["lstm", "transformer"]),
    default="lstm",
    show_default=True,
    help="Which network to train.",
)
@click.option(
    "--objective",
    type=click.Choice(["reward", "adversarial", "actor-critic"]),
    default="reward",
    show_default=True,
    help="What is taught without labels: DR-DSN, SUM-GAN-AAE or AC-SUM-GAN.",
)
@click.option(
    "--labels",
    type=WeighedSource(),
    multiple=True,
    help="Train on trailers, editors or audience instead (repeatable); editors=2 counts twice.",
)
@click.option(
    "--audience",
    type=FilmCurve(),
    multiple=True,
    help="FILM=FILE: its curve, as reel audience retention --format json prints it (repeatable).",
)
@click.option(
    "--from",
    "start",
    metavar="VERSION",
    default="",
    help="With --labels: take this version further, only its last layers; it stays as it is.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="The same seed and films give the same network.",
)
@click.option("--media", multiple=True, help="Train on this film (repeatable); all by default.")
@click.option("--afresh", is_flag=True, help="Do not go on with a training that was cut off.")
@format_option("table", "json")
@shared_options
def train_command(
    media: tuple[str, ...],
    output_format: str,
    workspace: Workspace,
    console: Console,
    **options: Any,
) -> None:
    """Train a ranker on the ingested films; it becomes the latest of its name.

    Without --labels it learns from the films alone. A training that was cut off goes on where it
    was when it is started again.
    """
    from ingest.catalog import Catalog

    if (options["audience"] or options["start"]) and not options["labels"]:
        raise click.UsageError("--audience and --from go with --labels")
    with Catalog(workspace.catalog) as catalog:
        films = [catalog.find_media(wanted) for wanted in media] or catalog.media()
        train = _train_on_labels if options["labels"] else _train_without
        card = train(catalog, films, console, **options)
    _print_card(card, len(films), output_format)


@learn_group.command("order")
@click.option(
    "--from",
    "start",
    metavar="VERSION",
    default="",
    help="The transformer that learns, the latest by default; it stays as it is.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="The same seed, films and trailers give the same network.",
)
@click.option("--media", multiple=True, help="Learn from this film (repeatable); all by default.")
@click.option("--afresh", is_flag=True, help="Do not go on with a training that was cut off.")
@format_option("table", "json")
@shared_options
def order_command(
    media: tuple[str, ...],
    output_format: str,
    workspace: Workspace,
    console: Console,
    **options: Any,
) -> None:
    """Teach the transformer which shot comes next, from the trailers that reel learn align kept.

    The result is a new version that scores shots as the one before. Held-out trailers decide when
    to stop; with a single trailer there are none.
    """
    from editing.rank.store import train_ranker_on_orders
    from ingest.catalog import Catalog

    with Catalog(workspace.catalog) as catalog:
        films = [catalog.find_media(wanted) for wanted in media] or catalog.media()
        with console.progress("Training transformer on the order of trailers") as on_progress:
            card = train_ranker_on_orders(
                catalog, [film.id for film in films], **options, on_progress=on_progress
            )
    without = [film.name for film in films if film.fingerprint not in card.trained_on]
    if media and without:
        console.say(f"left out, for no trailer's order is known: {', '.join(without)}")
    _print_card(card, len(card.trained_on), output_format)


def _train_without(
    catalog: "Catalog", films: list["Media"], console: Console, **options: Any
) -> "Card":
    from editing.rank.store import train_ranker

    name = options["model"]
    count = f"{len(films)} film{'s' * (len(films) != 1)}"
    with console.progress(f"Training {name} on {count}") as on_progress:
        return train_ranker(
            catalog,
            name,
            [film.id for film in films],
            seed=options["seed"],
            objective=options["objective"],
            afresh=options["afresh"],
            on_progress=on_progress,
        )


def _train_on_labels(
    catalog: "Catalog", films: list["Media"], console: Console, **options: Any
) -> "Card":
    from editing.rank.label_sources import AudienceCurve, sources_of
    from editing.rank.store import film_from_catalog, train_ranker_on_labels

    read = {film.id: film_from_catalog(catalog, film) for film in films}
    curves = {
        catalog.find_media(film).id: AudienceCurve.read(path) for film, path in options["audience"]
    }
    sources = sources_of(catalog, read, dict(options["labels"]), curves)
    name = options["model"]
    with console.progress(f"Training {name} on labels") as on_progress:
        return train_ranker_on_labels(
            catalog,
            name,
            sources,
            list(read),
            seed=options["seed"],
            start=options["start"],
            afresh=options["afresh"],
            on_progress=on_progress,
        )


def _print_card(card: "Card", films: int, output_format: str) -> None:
    made = {"model": card.name, "version": card.version, "films": films, "seed": card.seed}
    made |= {"step": card.step, "objective": card.objective}
    if output_format == "json":
        more = {"learned_from": list(card.learned_from), "started_from": card.started_from}
        print_json(made | more | {"validation": dict(card.validation), "held_out": card.held_out})
        return
    print_table(tuple(made), [tuple(made.values())])
    for source in card.learned_from:
        click.echo(f"learned from {source}")
    if not card.validation:
        click.echo(f"no validation: held out was {card.held_out}")
        return
    print_table(("figure of", card.held_out), [(n, f"{v:.4f}") for n, v in card.validation.items()])
