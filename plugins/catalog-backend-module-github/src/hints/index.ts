export { hintSchema } from './Hint';
export type { Hint, PushHint, Reading } from './Hint';
export { hintTopics, readEvent, type Follower } from './readEvent';
