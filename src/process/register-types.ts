// Every type of shared object, so that each can arrive in a message. What starts processes is not among them.
import './dict.ts';
import './joinable-queue.ts';
import './list.ts';
import './sync.ts';
import './pipe.ts';
import './queue.ts';
