"""The six containers: labelled arrays that check themselves when they are made, and nothing else."""

from brainconv.containers.properties import Properties
from brainconv.containers.rdms import RDMs
from brainconv.containers.recording import Recording
from brainconv.containers.representation import Representation
from brainconv.containers.scores import Scores
from brainconv.containers.stimuli import StimulusSet

__all__ = ["Properties", "RDMs", "Recording", "Representation", "Scores", "StimulusSet"]
