# Shared by all stages: names from the configuration, and a hash of the library code that a job runs.
import itertools

from brainconv.io.hashing import hash_source
from brainconv.pipeline.configuration import BRAINSCORE, check_configuration, leave_out
from brainconv.pipeline.tracking import hash_model, hash_recording

check_configuration(config)
config.update(leave_out(config))

MODELS = config["models"]
DATASETS = config["datasets"]
FIRST_LAYER = [model for model, spec in MODELS.items() if spec["first_layer"]]


DATASET_OF = {
    recording: dataset
    for dataset, spec in DATASETS.items()
    for recording in spec["recordings"]
}


PROPERTIES = config["properties"]


wildcard_constraints:
    model="|".join(map(re.escape, MODELS)),
    dataset="|".join(map(re.escape, DATASETS)) or "none",
    recording="|".join(map(re.escape, [*DATASET_OF, *PROPERTIES])) or "none",


def is_simulated(recording):
    return recording in DATASET_OF and "simulate" in DATASETS[DATASET_OF[recording]]


def weights_of(model):
    """File that holds a model's weights: a checkpoint, or the note that says where the registered ones were found."""
    weights = MODELS[model]["weights"]
    return (
        weights
        if weights not in ("default", "random")
        else f"results/fetched/weights/{model}.json"
    )


def network_of(model):
    """What a network is made of; what else the configuration says of it concerns other rules."""
    return {key: MODELS[model][key] for key in ("name", "weights", "seed", "layers")}


def model_hash(model):
    """What a model is made of: its row, its code and its checkpoint."""
    return hash_model(MODELS[model], config["models_registry"])


def recording_hash(recording):
    """What a recording is made of: its row, its reader and its files, or the network that generates it."""
    if is_simulated(recording):
        return model_hash(DATASETS[DATASET_OF[recording]]["simulate"]["model"])
    return hash_recording(recording, config["recordings_registry"])


def generator_of(recording):
    """The network that generates a simulated recording, by its name in the configuration."""
    if not is_simulated(recording):
        return None
    name = DATASETS[DATASET_OF[recording]]["simulate"]["model"]
    return {name: network_of(name)}


def preparation_of(recording):
    """The settings of a data set that its recordings are prepared with; None for properties of cells."""
    spec = DATASETS.get(DATASET_OF.get(recording))
    return spec and {
        key: spec[key] for key in ("n_stimuli", "degrees", "simulate") if key in spec
    }


def source_of(recording):
    """What a recording is made from: the weights of the network that generates it, or its authors' files."""
    if is_simulated(recording):
        return weights_of(DATASETS[DATASET_OF[recording]]["simulate"]["model"])
    return f"results/fetched/{recording}.json"


def is_wanted(model, dataset):
    return MODELS[model]["datasets"] is None or dataset in MODELS[model]["datasets"]


def compared_models(recording):
    """Models that are compared with a recording; each with what makes one a twin or a replicate of another."""
    return {
        model: {key: spec[key] for key in ("name", "weights", "seed", "replicate_of")}
        for model, spec in MODELS.items()
        if is_wanted(model, DATASET_OF[recording])
    }


# of several seeds of one network one is shown; the others count where training is tested
TRAINED = [
    model
    for model, spec in MODELS.items()
    if spec["weights"] != "random" and not spec["replicate_of"]
]
FIRST_TWINS = {
    spec["name"]: model
    for model, spec in reversed(MODELS.items())
    if spec["weights"] == "random"
}


def shown_models(recording):
    return [
        model
        for model in compared_models(recording)
        if model in TRAINED or model in FIRST_TWINS.values()
    ]


def representations_of(recording):
    return [
        f"results/representations/{model}/{DATASET_OF[recording]}.nc"
        for model in shown_models(recording)
    ]


def details_of(tables):
    """What stands behind tables of scores: the file beside each."""
    return [path.removesuffix(".csv") + ".nc" for path in tables]


def score_files(analysis, recording):
    return [
        f"results/{analysis}/{model}/{recording}.csv"
        for model in compared_models(recording)
    ]


def shown_scores(recording):
    return [f"results/rsa/{model}/{recording}.csv" for model in shown_models(recording)]


def trained_scores(dataset):
    return [
        f"results/rsa/{model}/{recording}.csv"
        for recording in DATASETS[dataset]["recordings"]
        for model in TRAINED
        if is_wanted(model, dataset)
    ]


def data_set_scores(dataset):
    return [
        path
        for recording in DATASETS[dataset]["recordings"]
        for path in score_files("predictivity", recording)
    ]


def score_tables():
    tables = []
    for dataset, spec in DATASETS.items():
        for analysis, recording in itertools.product(
            spec["analyses"], spec["recordings"]
        ):
            tables += score_files(analysis, recording)
            if analysis == "rsa":
                tables.append(f"results/measures/{recording}.csv")
            if analysis in ("rsa", "predictivity", "brainscore"):
                tables.append(f"results/comparisons/{analysis}/{recording}.csv")
            if analysis == "predictivity":
                tables.append(f"results/mapping_ceiling/{recording}.csv")
        if "predictivity" in spec["analyses"] and len(spec["recordings"]) > 1:
            tables.append(f"results/hierarchy/{dataset}.csv")
        if "rsa" in spec["analyses"]:
            tables.append(f"results/areas/{dataset}.csv")
    tables += expand("results/first_layer/{model}.csv", model=FIRST_LAYER)
    return tables + expand("results/properties/{recording}.csv", recording=PROPERTIES)


def settings_of(analysis, recording):
    """Settings of an analysis; Brain-Score's procedure shares those of predictivity that it does not fix."""
    shared = "predictivity" if analysis == "brainscore" else analysis
    settings = {**config[shared], **DATASETS[DATASET_OF[recording]][shared]}
    if analysis == "brainscore":
        settings |= BRAINSCORE
    return settings


def representation_files():
    return [
        f"results/representations/{model}/{dataset}.nc"
        for dataset in DATASETS
        for model in MODELS
        if is_wanted(model, dataset)
    ]


def list_results():
    """Every file that a run leaves and reads again: one that was deleted comes back."""
    tables = score_tables()
    return [
        "results/report.html",
        "results/figures",
        *expand(
            "results/tables/{name}",
            name=["scores.csv", "scores.parquet", "reproduction.csv"],
        ),
        *tables,
        *details_of(tables),
        *representation_files(),
        *expand("results/first_layer/{model}.fits.nc", model=FIRST_LAYER),
        *expand(
            "results/recordings/{recording}.nc", recording=[*DATASET_OF, *PROPERTIES]
        ),
    ]
