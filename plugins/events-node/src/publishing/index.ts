export * from './GroupCommitter';
