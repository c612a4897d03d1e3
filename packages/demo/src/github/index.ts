export { DemoGithub } from './DemoGithub';
