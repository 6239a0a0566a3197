/** Numbers in the file that says which jobs are asked back: more than there are workers, whose jobs have different places. */
export const ASKED_BACK_PLACES = 256;

/** Where the file has the job's number when the job is asked back. */
export function askedBackAt(job: number): number {
  return (job % ASKED_BACK_PLACES) * Uint32Array.BYTES_PER_ELEMENT;
}
