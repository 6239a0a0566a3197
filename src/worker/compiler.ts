// V8's optimizing compiler costs a worker, and the command itself, more than it saves in some thousand files. So a function is compiled
// only after some four times as many calls as usual. From V8 13 on, another compiler comes before it, which is cheap.
import { setFlagsFromString } from 'node:v8';

const LATER: Record<string, string> = {
  '11': '--interrupt-budget=300000',
  '12': '--invocation-count-for-turbofan=12000',
};

const flag = LATER[process.versions.v8.split('.', 1)[0] ?? ''];
if (flag !== undefined) setFlagsFromString(flag);
