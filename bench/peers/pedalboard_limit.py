# pedalboard INPUT OUTPUT GAIN_DB CEILING_DB: gain and its Limiter, the peer of the limiter.
import sys

from pedalboard import Gain, Limiter, Pedalboard
from pedalboard.io import AudioFile

source, output, gain, ceiling = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
with AudioFile(source) as file:
    audio, rate = file.read(file.frames), file.samplerate
board = Pedalboard([Gain(gain), Limiter(threshold_db=ceiling, release_ms=100)])
with AudioFile(output, "w", rate, audio.shape[0], bit_depth=24) as file:
    file.write(board(audio, rate))
