export { EventStreams, type StreamOptions } from './EventStreams';
