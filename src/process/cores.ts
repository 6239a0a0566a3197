// How a shared object is made where it lives. The module of each core registers its kind, so that a process which only uses objects of
// others, as the copier's workers do, need not load what keeps them.
import type { Descriptor } from './protocol.ts';
import type { Owner } from './router.ts';

type CoreMaker = (id: string, detail: number) => Owner;
const makers = new Map<string, CoreMaker>();

export function makeWith(kind: string, maker: CoreMaker): void {
  makers.set(kind, maker);
}

export function makeCore({ kind, id, detail }: Pick<Descriptor, 'kind' | 'id' | 'detail'>): Owner {
  const maker = makers.get(kind);
  if (maker === undefined) throw new TypeError(`this process makes no ${kind}`);
  return maker(id, detail);
}
