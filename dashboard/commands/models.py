"""Commands over trained models: `reel models list`, `show` and `promote`."""

import click

from dashboard.console import Console, format_option, print_json, print_table, shared_options
from dashboard.settings import Workspace


@click.group("models")
def models_group() -> None:
    """List the trained rankers and recommenders, look at one, or put an earlier one to use.

    A training adds a model and uses it from then on; what was there before stays, so that going
    back is promoting it again.
    """


@models_group.command("list")
@format_option("table", "json")
@shared_options
def models_list_command(output_format: str, workspace: Workspace, console: Console) -> None:
    """List every trained model, those in use marked, the latest first."""
    from dashboard.model_shelf import kept_models

    models = kept_models(workspace)
    if output_format == "json":
        print_json([model.as_json() for model in models])
        return
    header = ("in use", "kind", "name", "trained", "learned from", "remarks")
    print_table(header, [model.as_row() for model in models])


@models_group.command("show")
@click.argument("name", metavar="NAME")
@shared_options
def models_show_command(name: str, workspace: Workspace, console: Console) -> None:
    """Print the card of the model NAME, as `reel models list` names it, in JSON."""
    from dashboard.model_shelf import kept_models

    cards = {model.name: model.card for model in kept_models(workspace)}
    if name not in cards:
        known = ", ".join(cards) or "none"
        raise click.ClickException(f"no model is called {name!r}; there are: {known}")
    print_json(cards[name])


@models_group.command("promote")
@click.argument("name", metavar="NAME")
@shared_options
def models_promote_command(name: str, workspace: Workspace, console: Console) -> None:
    """Use the model NAME from now on, for instance an earlier one: `transformer@3f0c…`.

    A model whose files are damaged is refused, and what was in use stays so.
    """
    from dashboard.model_shelf import promote_model

    console.say(promote_model(workspace, name))
