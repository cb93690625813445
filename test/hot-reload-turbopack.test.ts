import { testHotReload } from './helpers/hot-reload.js'

testHotReload('turbopack')
