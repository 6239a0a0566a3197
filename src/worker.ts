// What a worker process of the copier runs: the toolkit's child runtime with the copier's tasks.
import './worker/signals.ts';
import './worker/compiler.ts';

void import('./worker/child.ts');
