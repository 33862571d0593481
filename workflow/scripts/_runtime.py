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
            except BrainconvError as error:  # says all there is to say: no traceback
                message = "\n".join(filter(None, (f"{type(error).__name__}: {error}", hint)))
                print(message)  # noqa: T201
                sys.exit(message)  # to the terminal too
            except Exception:  # a fault of ours: the traceback stands in the log and on the terminal, the job fails
                traceback.print_exc()
                raise
