"""Approving a version of a cut, and taking that back: for the command and for the pages.

The role is checked here, where it is written. An editor takes back their own word, an admin
anybody's.
"""

from dashboard.people import NotAllowed, Person, needs
from editing.approvals import Approval, Withdrawal, approve, withdraw
from ingest.catalog import Catalog


@needs("editor")
def approve_cut(person: Person, catalog: Catalog, cut_id: int, version: int) -> Approval:
    """Approve the latest version of a cut, in a person's name.

    Raises:
        EditError: The name is empty or too long.
        NotAllowed: The person is no editor.
        StaleCut: The cut has a newer version than the one that was looked at.
        UnknownCut: There is no such cut.
    """
    return approve(catalog, cut_id, version, person.name)


@needs("editor")
def withdraw_approval(
    person: Person, catalog: Catalog, cut_id: int, version: int, name: str | None = None
) -> Withdrawal:
    """Take back the approval of a version of a cut.

    Args:
        person: Who takes it back.
        catalog: Holds the cut.
        cut_id: Which cut.
        version: The version that was approved.
        name: Who approved it; None for the person themselves.

    Raises:
        EditError: They had not approved it.
        NotAllowed: The person is no editor, or it is another's and they are no admin.
    """
    name = person.name if name is None else name
    if name != person.name and not person.may("admin"):
        raise NotAllowed(
            f"{person.name} is an {person.role}; to withdraw what {name} approved takes an admin"
        )
    return withdraw(catalog, cut_id, version, name, by=person.name)
