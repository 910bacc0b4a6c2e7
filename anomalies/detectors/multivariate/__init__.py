"""One score for a whole asset, from all of its channels together.

Model     A vector autoregression (ridge) says what every channel should read now, given the last
          two rows of all of them. What is left over is measured by its Mahalanobis distance, whose
          covariance is shrunk (Ledoit and Wolf, 2004), and smoothed by an EWMA (Roberts, 1959).
Line      A multiple of the EWMA's own largest values on held-out parts of the baseline.
Input     A baseline of rows known to be ordinary, then any number of rows, in order of time.
Cost      About 0.5 µs a row of 8 channels on one core, compiled; fitting takes milliseconds.
State     The model: (4 d² + 3 d) numbers for d channels; the stream: 3 d + 4 numbers.
"""

PROBATION = 7 * 86_400.0
"""The rows of the last seven days are not learned from: a fault that nobody has noticed yet must
not become ordinary."""

NAME = "machine 1"
