"""Commands: what ``callauth`` understands, and how its errors end.

What callauth refuses becomes one line on stderr. Exit codes: 0 all went well, 1 it did
not, 2 bad usage or missing settings, 3 a bulk run that was stopped, 130 interrupted.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from ..errors import CallAuthError, ConfigurationError, InvalidPhoneNumber
from .bulk import bulk
from .demo import demo
from .ledger_report import report
from .sandbox import sandbox
from .standard_error import say
from .verify import verify

_INTERRUPTED = 130


class Commands(click.Group):
    """A group of commands whose failures are one line, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; leave with the exit code that belongs to its end."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("")
            ctx.exit(_INTERRUPTED)
        except CallAuthError as error:
            say(f"callauth: {error}")
            is_usage = isinstance(error, ConfigurationError | InvalidPhoneNumber)
            ctx.exit(2 if is_usage else 1)


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click calls it
    if not wanted:
        return
    try:
        number = version("callauth")
    except PackageNotFoundError:
        number = "of a checkout that is not installed"
    click.echo(f"callauth {number}")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and leave.",
)
def callauth() -> None:
    """Verify phone numbers by a call, with NeroTech, Telefon-IP and CallPass.

    Begin with "callauth demo": it needs no account and no network, and calls nobody.
    """


callauth.add_command(demo)
callauth.add_command(verify)
callauth.add_command(bulk)
callauth.add_command(report)
callauth.add_command(sandbox)
