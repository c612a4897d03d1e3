export { translateChange } from './translateChange';
