export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of ours[i] / theirs[i], as many as there are of both: each pair comes from one round, so what slowed both cancels out. */
export function pairedRatio(ours, theirs) {
  return median(ours.slice(0, theirs.length).map((value, i) => value / theirs[i]));
}

/** The number that a metric reads from a sample, in seconds or bytes. */
export const metrics = {
  wall: (sample) => sample.wall,
  CPU: (sample) => sample.user + sample.system,
  /** Of both sides, for each file and directory. */
  requests: (sample) => sample.requests / sample.entries,
  'parent memory': (sample) => sample.watched.parent,
  'worker memory': (sample) => sample.watched.worker,
};

/** The median of one metric over a contender's samples. */
export function typical(samples, metric = 'wall') {
  return median(samples.map(metrics[metric]));
}
