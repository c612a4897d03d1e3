import catalogModuleGithub from '@backstage/plugin-catalog-backend-module-github';
import { runFollower } from './runFollower';

runFollower([catalogModuleGithub]);
