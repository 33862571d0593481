"""What every script does around its one library call: log to the rule's file, use the rule's threads, fail clearly."""

import contextlib
import logging
import sys
import traceback

from brainconv.errors import BrainconvError


@contextlib.contextmanager
def job(snakemake, hint=""):
    """Send output, warnings and errors of the block to the rule's log file; a failure ends in the hint."""
    with open(snakemake.log[0], "w", buffering=1, encoding="utf-8") as log:
        logging.basicConfig(stream=log, level=logging.INFO, force=True)
        logging.captureWarnings(True)
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            try:
                if "torch" in sys.modules:
                    sys.modules["torch"].set_num_threads(snakemake.threads)
                yield
            except BrainconvError as error:  # says all there is to say
                print("\n".join(filter(None, (f"{type(error).__name__}: {error}", hint))))  # noqa: T201
                sys.exit(1)
            except Exception:
                traceback.print_exc()
                raise
