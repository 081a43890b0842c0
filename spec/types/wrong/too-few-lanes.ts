// A list of lanes is too short.
import { f32x4, fn } from '../../../dsl/index.ts';

fn('f', [], f32x4, (b) => {
  b.ret(f32x4.of(1, 2, 3));
});
