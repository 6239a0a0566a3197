// The one place that loads the queue and its client: only runs with a broker do, by a dynamic import.
export { type Job, Queue, QueueEvents, UnrecoverableError, WaitingError, Worker } from 'bullmq';
export { Redis } from 'ioredis';
