"""The tensor layout shared by training, export and the engine (src/models/drummer.ts holds the same numbers).

`input` [64] is the layout of the requirement; places that drums cannot use (chord 24-32, root 34-45) stay zero in
training, and their weights are zeroed on export. `heard` [67] is what the drummer remembers of its own playing.
"""
PIECES = ["kick", "snare", "closedHat", "openHat", "highTom", "midTom", "lowTom", "crash", "ride"]
# Roland TD-11 notes of Groove, folded to nine pieces as in the paper of the data set (Gillick et al. 2019).
NOTE_TO_PIECE = {
    36: 0, 35: 0, 38: 1, 40: 1, 37: 1, 42: 2, 22: 2, 44: 2, 46: 3, 26: 3, 48: 4, 50: 4, 45: 5, 47: 5,
    43: 6, 58: 6, 41: 6, 49: 7, 55: 7, 57: 7, 52: 7, 51: 8, 59: 8, 53: 8,
}
GROUPS = [[0], [1], [2, 3], [4, 5, 6], [7, 8]]  # kick, snare, hats, toms, cymbals

INPUT_SIZE = 64
POSITION, BAR, TRIPLET, FILL, COMPLEXITY, DYNAMICS, SWING, HUMANIZE = 0, 16, 33, 46, 47, 48, 49, 50
PIECE_COMPLEXITY, TEMPO, STYLE, STYLE_SIZE = 51, 57, 58, 6
UNUSED = list(range(24, 33)) + list(range(34, 46)) + [56]

# heard: the step before as sampled (hit, velocity, offset for nine pieces), then the velocities at the same place
# 1, 2, 4 and 8 bars ago, then whether each of those bars exists.
MEMORY_BARS = [1, 2, 4, 8]
HEARD_SIZE = 27 + 9 * len(MEMORY_BARS) + len(MEMORY_BARS)
MIXTURES = 2
# parameters a piece for one mixture: weights (logits), means, log sigmas
SPREAD_SIZE = 9 * 2 * 3 * MIXTURES


def tempo_value(bpm):
    return (bpm - 120.0) / 100.0
