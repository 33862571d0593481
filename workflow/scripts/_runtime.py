"""What every script does around its one library call: log to the rule's file, use the rule's threads, fail clearly."""

import contextlib
import logging
import sys
import traceback


@contextlib.contextmanager
def job(snakemake):
    """Send output, warnings and errors of the block to the rule's log file."""
    with open(snakemake.log[0], "w", buffering=1, encoding="utf-8") as log:
        logging.basicConfig(stream=log, level=logging.INFO, force=True)
        logging.captureWarnings(True)
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            try:
                if "torch" in sys.modules:
                    sys.modules["torch"].set_num_threads(snakemake.threads)
                yield
            except Exception as error:
                traceback.print_exc()
                print(f"\n{type(error).__name__}: {error}")  # noqa: T201
                raise
