import glob from 'fast-glob';
import type { Chain } from '../copy/chain.ts';
import type { FileSystem } from '../fs/file-system.ts';
import type { Patterns } from './patterns.ts';
import { type AdapterOptions, type ListedEntry, readdirFor, VIRTUAL_ROOT } from './tree-adapter.ts';
