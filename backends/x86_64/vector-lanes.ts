/** Sizes of lane divisions. */
import { LANE_COUNT, LANE_TYPE, type Lanes } from '../../lib/mir/types.ts';
import type { SelectContext } from './select-context.ts';

/** Bytes of a lane. */
export function laneBytes(s: SelectContext, lanes: Lanes): number { return s.bytesOf(LANE_TYPE[lanes]); }
/** Bytes of the whole vector: 16 or 32. */
export function vectorBytes(s: SelectContext, lanes: Lanes): number { return LANE_COUNT[lanes] * s.bytesOf(LANE_TYPE[lanes]); }
