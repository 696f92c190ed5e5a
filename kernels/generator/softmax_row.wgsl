// Softmax of a row: probs = softmax(logit_at / tau).
// The maximum is subtracted, so that nothing overflows.
// The kernel has `tau` in its params, binds `probs` and defines `logit_at`.

fn reduce(row: Row) {
  var max_logit = logit_at(row.start);
  for (var i = row.start + 1u; i < row.end; i++) { max_logit = max(max_logit, logit_at(i)); }
  var sum = 0.0;
  for (var i = row.start; i < row.end; i++) {
    let value = exp((logit_at(i) - max_logit) / params.tau);
    probs[i] = value;
    sum += value;
  }
  for (var i = row.start; i < row.end; i++) { probs[i] /= sum; }
}
