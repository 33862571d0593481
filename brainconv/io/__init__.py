"""Files: fetching with checksums, atomic writes, netCDF, tables, provenance and content hashes.

Nothing here knows a method or a recording; containers go in and come out unchanged.
"""

from brainconv.io.archives import ZipImages
from brainconv.io.atomic import write_atomically
from brainconv.io.fetch import RemoteFile, fetch_file, find_file, list_data_dirs
from brainconv.io.hashing import hash_arrays, hash_files, hash_source, hash_state, hash_stimuli
from brainconv.io.netcdf import (
    load_representations,
    open_properties,
    open_rdms,
    open_recording,
    read_layers,
    read_provenance,
    save_properties,
    save_rdms,
    save_recording,
    save_representations,
)
from brainconv.io.provenance import collect_provenance, inherit_provenance
from brainconv.io.tables import open_scores, save_scores

__all__ = [
    "RemoteFile",
    "ZipImages",
    "collect_provenance",
    "fetch_file",
    "find_file",
    "hash_arrays",
    "hash_files",
    "hash_source",
    "hash_state",
    "hash_stimuli",
    "inherit_provenance",
    "list_data_dirs",
    "load_representations",
    "open_properties",
    "open_rdms",
    "open_recording",
    "open_scores",
    "read_layers",
    "read_provenance",
    "save_properties",
    "save_rdms",
    "save_recording",
    "save_representations",
    "save_scores",
    "write_atomically",
]
