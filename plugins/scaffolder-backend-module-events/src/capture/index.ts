export { TaskCapture, type Installation } from './TaskCapture';
export { outboxTable } from './names';
