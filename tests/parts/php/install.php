<?php
// Installs the site as its form would: tables, one author, Chinese, addresses that say date and title.
$_SERVER['HTTP_HOST'] = parse_url(getenv('WORDPRESS_URL'), PHP_URL_HOST);
$_SERVER['REQUEST_URI'] = '/';
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('云汀发布', 'editor', 'editor@example.com', true, '', bin2hex(random_bytes(16)), 'zh_CN');
$options = [
    'blogdescription' => '云汀市政务新闻',
    'timezone_string' => 'Asia/Shanghai',
    'date_format' => 'Y年n月j日',
    'permalink_structure' => '/%year%/%monthnum%/%day%/%postname%/',
    'posts_per_page' => 20,
    'posts_per_rss' => 20,
    'template' => getenv('WORDPRESS_THEME'),
    'stylesheet' => getenv('WORDPRESS_THEME'),
];
foreach ($options as $name => $value) {
    update_option($name, $value);
}
// What every new site has: one post, one page, one comment.
foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $post) {
    wp_delete_post($post->ID, true);
}
