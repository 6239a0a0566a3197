/** Places for job numbers in the file of jobs that are asked back: more than there are workers, so that current jobs do not share one. */
export const ASKED_BACK_PLACES = 256;

/** Where the file has the job's number when the job is asked back. */
export function askedBackAt(job: number): number {
  return (job % ASKED_BACK_PLACES) * Uint32Array.BYTES_PER_ELEMENT;
}
